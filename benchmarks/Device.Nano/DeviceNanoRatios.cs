using System.Diagnostics;
using Flint.Benchmarks.Ratios;

namespace Flint.Benchmarks.DeviceNano;

/// <summary>
/// The device's codec beside the server's on the same bytes, its records beside the bare AES blocks, the steps of its engine beside the bare hash. Here all are
/// compiled to machine code; on the device they are interpreted, so what counts is that they allocate nothing and stay near their limits.
/// </summary>
internal static class DeviceNanoRatios
{
    public static IEnumerable<RatioCase> Create() => DeviceNanoMessage.All.SelectMany(message => new[] { Decode(message), Encode(message) })
        .Append(Record()).Append(EngineStep());

    private static RatioCase Decode(DeviceNanoMessage message)
    {
        var codec = new DeviceNanoCodec();
        codec.Check(message);
        return new RatioCase(
            "Device.Nano",
            "decode " + message.Name,
            n => Repeat(n, () => codec.Decode(message.Bytes)),
            "bare walk",
            n => Repeat(n, () => DeviceNanoMessage.BareWalk(message.Bytes)))
        {
            PeerName = "Flint.Coap",
            Peer = n => Repeat(n, () => DeviceNanoCodec.DecodePeer(message.Bytes)),
        };
    }

    private static RatioCase Encode(DeviceNanoMessage message)
    {
        var codec = new DeviceNanoCodec();
        byte[] copy = new byte[2048];
        return new RatioCase(
            "Device.Nano",
            "encode " + message.Name,
            n => Repeat(n, () => codec.Encode(message)),
            "memcpy",
            n => Repeat(n, () =>
            {
                message.Bytes.CopyTo(copy, 0);
                return copy[0];
            }))
        {
            PeerName = "Flint.Coap",
            Peer = n => Repeat(n, () => codec.EncodePeer(message)),
        };
    }

    private static RatioCase Record()
    {
        var record = new DeviceNanoRecord();
        return new RatioCase(
            "Device.Nano", "record of 512, seal and open", n => Repeat(n, () => record.SealAndOpen()), "its AES blocks", n => Repeat(n, () => record.BareBlocks()));
    }

    private static RatioCase EngineStep()
    {
        var engine = new DeviceNanoEngine();
        long aside = 0;
        return new RatioCase(
            "Device.Nano",
            "engine, a chunk of 1 KiB",
            n => Repeat(n, () =>
            {
                if (engine.IsComplete)
                {
                    long start = Stopwatch.GetTimestamp();
                    engine.Rewind();
                    aside += Stopwatch.GetTimestamp() - start;
                }

                return engine.Step() ? 1 : 0;
            }),
            "its SHA-256",
            n => Repeat(n, () => engine.Floor()))
        {
            Aside = () => aside,

            // What is allocated is the engine anew, every 65 chunks; that a step allocates nothing is a test.
            AllocationBar = null,
        };
    }

    private static void Repeat(int n, Func<int> operation)
    {
        int sum = 0;
        for (int i = 0; i < n; i++)
        {
            sum ^= operation();
        }

        _sink = sum;
    }

    private static volatile int _sink;
}
