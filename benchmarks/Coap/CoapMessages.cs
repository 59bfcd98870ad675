using System.Runtime.CompilerServices;
using System.Text.Json;
using Flint.Coap;
using Flint.Testing;

namespace Flint.Benchmarks.Coap;

/// <summary>
/// The four benchmark messages of docs/spec/vectors/coap/datagram.json, with their bytes and, for writing, their fields. Bytes and buffers begin at a cache line of pinned memory:
/// a copy's own time moves by half with where its arrays happen to lie, and with it every ratio. That makes the limit no slower, it is then at its best.
/// </summary>
public sealed class CoapMessages
{
    private readonly ushort _messageId;
    private readonly byte[] _token;
    private readonly byte[] _payload;
    private readonly byte[][] _values;
    private readonly uint[] _numbers;

    private CoapMessages(string name, JsonElement vector)
    {
        Name = name;
        byte[] bytes = vector.Hex("input");
        Bytes = new AlignedBuffer(bytes.Length);
        bytes.CopyTo(Bytes.Span);
        _messageId = vector.GetProperty("messageId").GetUInt16();
        _token = vector.Hex("token");
        _payload = vector.Hex("payload");
        _values = [.. vector.GetProperty("options").EnumerateArray().Select(option => option.Hex("value"))];
        _numbers = [.. _values.Select(value => value.Length > sizeof(uint) ? 0 : value.Aggregate(0u, (number, b) => number << 8 | b))];
    }

    public string Name { get; }

    public AlignedBuffer Bytes { get; }

    public static CoapMessages[] All { get; } = [.. Load()];

    /// <summary>Reads the message with full validation, goes through its options and touches its payload.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static int Decode(ReadOnlySpan<byte> datagram)
    {
        if (CoapMessageReader.TryRead(datagram, out CoapMessageReader message) != CoapReadStatus.Ok)
        {
            return -1;
        }

        // unchecked, as the limit's sum is.
        unchecked
        {
            int sum = message.MessageId + message.Token.Length;
            foreach (CoapOption option in message.Options)
            {
                sum += (int)option.Number + option.Value.Length;
            }

            return sum + message.Payload.Length;
        }
    }

    /// <summary>The limit: goes over header and options, believing every length, and gives the same sum.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static int Walk(ReadOnlySpan<byte> datagram)
    {
        unchecked
        {
            int tokenLength = datagram[0] & 15;
            int sum = (datagram[2] << 8 | datagram[3]) + tokenLength;
            int position = 4 + tokenLength;
            int number = 0;
            while (position < datagram.Length)
            {
                int head = datagram[position++];
                if (head == 0xff)
                {
                    return sum + datagram.Length - position;
                }

                int delta = head >> 4;
                int length = head & 15;
                if (delta == 13)
                {
                    delta = 13 + datagram[position++];
                }
                else if (delta == 14)
                {
                    delta = 269 + (datagram[position] << 8 | datagram[position + 1]);
                    position += 2;
                }

                if (length == 13)
                {
                    length = 13 + datagram[position++];
                }
                else if (length == 14)
                {
                    length = 269 + (datagram[position] << 8 | datagram[position + 1]);
                    position += 2;
                }

                number += delta;
                sum += number + length;
                position += length;
            }

            return sum;
        }
    }

    /// <summary>Writes the message as a program does that has its fields: paths as constants, numbers as numbers.</summary>
    public int Encode(Span<byte> buffer) => Name[0] switch
    {
        'a' => EncodeAcknowledgement(buffer),
        'b' => EncodeGet(buffer),
        'c' => EncodeContent(buffer),
        _ => EncodePut(buffer),
    };

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int EncodeAcknowledgement(Span<byte> buffer)
    {
        var writer = new CoapMessageWriter(buffer);
        writer.WriteHeader(CoapType.Acknowledgement, CoapCode.Empty, _messageId, []);
        return writer.TryComplete(out int length) ? length : -1;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int EncodeGet(Span<byte> buffer)
    {
        var writer = new CoapMessageWriter(buffer);
        writer.WriteHeader(CoapType.Confirmable, CoapCode.Get, _messageId, _token);
        writer.WriteOption(CoapOptionNumber.UriPath, "sensors"u8);
        writer.WriteOption(CoapOptionNumber.UriPath, "temperature"u8);
        return writer.TryComplete(out int length) ? length : -1;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int EncodeContent(Span<byte> buffer)
    {
        var writer = new CoapMessageWriter(buffer);
        writer.WriteHeader(CoapType.Acknowledgement, CoapCode.Content, _messageId, _token);
        writer.WriteOption(CoapOptionNumber.ETag, _values[0]);
        writer.WriteOption(CoapOptionNumber.Observe, _numbers[1]);
        writer.WriteOption(CoapOptionNumber.ContentFormat, _numbers[2]);
        writer.WriteOption(CoapOptionNumber.MaxAge, _numbers[3]);
        writer.WriteOption(CoapOptionNumber.Block2, _numbers[4]);
        writer.WritePayload(_payload);
        return writer.TryComplete(out int length) ? length : -1;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int EncodePut(Span<byte> buffer)
    {
        var writer = new CoapMessageWriter(buffer);
        writer.WriteHeader(CoapType.Confirmable, CoapCode.Put, _messageId, _token);
        writer.WriteOption(CoapOptionNumber.UriPath, "firmware"u8);
        writer.WriteOption(CoapOptionNumber.UriPath, "image"u8);
        writer.WriteOption(CoapOptionNumber.ContentFormat, _numbers[2]);
        writer.WriteOption(CoapOptionNumber.Block1, _numbers[3]);
        writer.WritePayload(_payload);
        return writer.TryComplete(out int length) ? length : -1;
    }

    /// <summary>The limit: the finished message is copied.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Copy(ReadOnlySpan<byte> from, Span<byte> to) => from.CopyTo(to);

    private static IEnumerable<CoapMessages> Load()
    {
        using JsonDocument document = VectorFile.Open("coap/datagram.json");
        foreach (JsonElement vector in document.RootElement.GetProperty("vectors").EnumerateArray())
        {
            if (vector.GetProperty("flags").EnumerateArray().Any(flag => flag.GetString() == "benchmark"))
            {
                yield return new CoapMessages(vector.GetProperty("id").GetString()!["bench-".Length..], vector);
            }
        }
    }
}
