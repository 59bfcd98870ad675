using System.Runtime.CompilerServices;
using System.Text.Json;
using Flint.Coap;
using Flint.Testing;

namespace Flint.Benchmarks.Coap;

/// <summary>The four benchmark messages of docs/spec/vectors/coap/datagram.json, with their bytes and, for writing, their fields.</summary>
public sealed class CoapMessages
{
    private CoapMessages(string name, JsonElement vector)
    {
        Name = name;
        Bytes = vector.Hex("input");
        Type = (CoapType)vector.GetProperty("type").GetByte();
        Code = (CoapCode)vector.GetProperty("code").GetByte();
        MessageId = vector.GetProperty("messageId").GetUInt16();
        Token = vector.Hex("token");
        Payload = vector.Hex("payload");
        Options = [.. vector.GetProperty("options").EnumerateArray().Select(o => ((CoapOptionNumber)o.GetProperty("number").GetUInt16(), o.Hex("value")))];
    }

    public string Name { get; }

    public byte[] Bytes { get; }

    public CoapType Type { get; }

    public CoapCode Code { get; }

    public ushort MessageId { get; }

    public byte[] Token { get; }

    public byte[] Payload { get; }

    public (CoapOptionNumber Number, byte[] Value)[] Options { get; }

    public static CoapMessages[] All { get; } = [.. Load()];

    /// <summary>Reads the message with full validation, goes through its options and touches its payload.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static int Decode(ReadOnlySpan<byte> datagram)
    {
        if (CoapMessageReader.TryRead(datagram, out CoapMessageReader message) != CoapReadStatus.Ok)
        {
            return -1;
        }

        int sum = message.MessageId + message.Token.Length;
        foreach (CoapOption option in message.Options)
        {
            sum += (int)option.Number + option.Value.Length;
        }

        return sum + message.Payload.Length;
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

    /// <summary>Writes the message from its fields.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public int Encode(Span<byte> buffer)
    {
        var writer = new CoapMessageWriter(buffer);
        writer.WriteHeader(Type, Code, MessageId, Token);
        foreach ((CoapOptionNumber number, byte[] value) in Options)
        {
            writer.WriteOption(number, value);
        }

        writer.WritePayload(Payload);
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
