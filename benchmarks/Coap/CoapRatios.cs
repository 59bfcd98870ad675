using Flint.Benchmarks.Ratios;

namespace Flint.Benchmarks.Coap;

/// <summary>The codec against a bare walk and a memcpy, with libcoap where it is installed; requests over a pipe and over UDP against a bare echo.</summary>
internal static class CoapRatios
{
    public static IEnumerable<RatioCase> Create()
    {
        WarmUp();
        foreach (CoapMessages message in CoapMessages.All)
        {
            yield return Decode(message);
        }

        foreach (CoapMessages message in CoapMessages.All)
        {
            yield return Encode(message);
        }

        yield return PipeEcho.Case();
        yield return UdpEcho.Case();
    }

    /// <summary>The compiler shapes code after what it has seen: it shall have seen all messages, as a server has, not only the first.</summary>
    private static void WarmUp()
    {
        var buffer = new byte[2048];
        for (int round = 0; round < 400; round++)
        {
            foreach (CoapMessages message in CoapMessages.All)
            {
                DecodeOften(message.Bytes, 50);
                WalkOften(message.Bytes, 50);
                EncodeOften(message, buffer, 50);
                CopyOften(message.Bytes, buffer, 50);
            }

            if (round % 100 == 0)
            {
                Thread.Sleep(150);
            }
        }
    }

    private static RatioCase Decode(CoapMessages message)
    {
        byte[] bytes = message.Bytes;
        Check(CoapMessages.Decode(bytes) == CoapMessages.Walk(bytes), message.Name);
        LibCoap? peer = LibCoap.TryLoad(bytes);
        return new RatioCase("Coap", $"decode {message.Name}", n => DecodeOften(bytes, n), "bare walk", n => WalkOften(bytes, n))
        {
            Bar = 2.7,
            PeerName = peer is null ? null : "libcoap",
            Peer = peer is null ? null : peer.ParseOften,
        };
    }

    private static RatioCase Encode(CoapMessages message)
    {
        var buffer = new byte[2048];
        Check(message.Encode(buffer) == message.Bytes.Length && buffer.AsSpan().StartsWith(message.Bytes), message.Name);
        return new RatioCase("Coap", $"encode {message.Name}", n => EncodeOften(message, buffer, n), "memcpy", n => CopyOften(message.Bytes, buffer, n))
        {
            Bar = 6,
        };
    }

    private static void DecodeOften(byte[] bytes, int count)
    {
        int sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum = unchecked(sum + CoapMessages.Decode(bytes));
        }

        GC.KeepAlive(sum);
    }

    private static void WalkOften(byte[] bytes, int count)
    {
        int sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum = unchecked(sum + CoapMessages.Walk(bytes));
        }

        GC.KeepAlive(sum);
    }

    private static void EncodeOften(CoapMessages message, byte[] buffer, int count)
    {
        for (int i = 0; i < count; i++)
        {
            message.Encode(buffer);
        }
    }

    private static void CopyOften(byte[] from, byte[] to, int count)
    {
        for (int i = 0; i < count; i++)
        {
            CoapMessages.Copy(from, to);
        }
    }

    private static void Check(bool right, string what)
    {
        if (!right)
        {
            throw new InvalidOperationException($"{what}: the output is wrong.");
        }
    }
}
