using Flint.Benchmarks.Ratios;

namespace Flint.Benchmarks.DeviceNano;

/// <summary>
/// The device's codec beside the server's on the same bytes. Here both are compiled to machine code; on the device the first is interpreted, so
/// what counts is that it allocates nothing and stays near its peer.
/// </summary>
internal static class DeviceNanoRatios
{
    public static IEnumerable<RatioCase> Create() => DeviceNanoMessage.All.SelectMany(message => new[] { Decode(message), Encode(message) });

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
