using System.Buffers;

namespace Flint.Coap.Tests;

/// <summary>What the tests of the codec share.</summary>
internal static class Messages
{
    /// <summary>What a datagram that was cut may say: cut inside a field it is truncated, between fields it is a shorter message.</summary>
    public static readonly CoapReadStatus[] CutStatuses =
    [
        CoapReadStatus.Ok, CoapReadStatus.TruncatedHeader, CoapReadStatus.TruncatedToken, CoapReadStatus.TruncatedOptionHeader,
        CoapReadStatus.TruncatedOptionValue, CoapReadStatus.PayloadMarkerWithoutPayload,
    ];

    /// <summary>The options as text, one "number: value" each, for comparisons.</summary>
    public static string[] Describe(CoapOptions options)
    {
        var described = new List<string>();
        foreach (CoapOption option in options)
        {
            described.Add($"{(int)option.Number}: {Convert.ToHexString(option.Value)}");
        }

        return [.. described];
    }

    /// <summary>The options as text, one "number: value" each, for comparisons.</summary>
    public static string[] Describe(IEnumerable<(CoapOptionNumber Number, byte[] Value)> options) =>
        [.. options.Select(option => $"{(int)option.Number}: {Convert.ToHexString(option.Value)}")];

    public static void WriteBody(ref CoapMessageWriter writer, IEnumerable<(CoapOptionNumber Number, byte[] Value)> options, byte[] payload)
    {
        foreach ((CoapOptionNumber number, byte[] value) in options)
        {
            writer.WriteOption(number, value);
        }

        writer.WritePayload(payload);
    }

    /// <summary>The bytes as a sequence of segments of <paramref name="size"/> bytes, each in an array of its own.</summary>
    public static ReadOnlySequence<byte> Pieces(byte[] bytes, int size)
    {
        var first = new Segment(default, 0);
        Segment last = first;
        for (int offset = 0; offset < bytes.Length; offset += size)
        {
            last = last.Append(bytes.AsSpan(offset, Math.Min(size, bytes.Length - offset)).ToArray());
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long runningIndex)
        {
            Memory = memory;
            RunningIndex = runningIndex;
        }

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
