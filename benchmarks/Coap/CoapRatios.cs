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
        var buffer = new AlignedBuffer(2048);
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
        AlignedBuffer bytes = message.Bytes;
        Check(CoapMessages.Decode(bytes.Span) == CoapMessages.Walk(bytes.Span), message.Name);
        LibCoap? peer = LibCoap.TryLoad(bytes);
        return new RatioCase("Coap", $"decode {message.Name}", n => DecodeOften(bytes, n), "bare walk", n => WalkOften(bytes, n))
        {
            Bar = 2.7,
            RoundMilliseconds = ShortRound,
            PeerName = peer is null ? null : "libcoap",
            Peer = peer is null ? null : peer.ParseOften,
        };
    }

    private static RatioCase Encode(CoapMessages message)
    {
        var buffer = new AlignedBuffer(2048);
        Check(message.Encode(buffer.Span) == message.Bytes.Length && buffer.Span.StartsWith(message.Bytes.Span), message.Name);
        return new RatioCase("Coap", $"encode {message.Name}", n => EncodeOften(message, buffer, n), "memcpy", n => CopyOften(message.Bytes, buffer, n))
        {
            Bar = 6,
            RoundMilliseconds = ShortRound,
        };
    }

    private static void DecodeOften(AlignedBuffer message, int count)
    {
        ReadOnlySpan<byte> bytes = message.Span;
        int sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum = unchecked(sum + CoapMessages.Decode(bytes));
        }

        GC.KeepAlive(sum);
    }

    private static void WalkOften(AlignedBuffer message, int count)
    {
        ReadOnlySpan<byte> bytes = message.Span;
        int sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum = unchecked(sum + CoapMessages.Walk(bytes));
        }

        GC.KeepAlive(sum);
    }

    private static void EncodeOften(CoapMessages message, AlignedBuffer buffer, int count)
    {
        Span<byte> to = buffer.Span;
        for (int i = 0; i < count; i++)
        {
            message.Encode(to);
        }
    }

    private static void CopyOften(AlignedBuffer message, AlignedBuffer buffer, int count)
    {
        ReadOnlySpan<byte> from = message.Span;
        Span<byte> to = buffer.Span;
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

    /// <summary>Operations of nanoseconds: a round so short is seldom interrupted, and eight hundred of them show it where one was.</summary>
    private const double ShortRound = 0.125;
}
