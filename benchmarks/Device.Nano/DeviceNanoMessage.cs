using System.Text.Json;
using Flint.Testing;

namespace Flint.Benchmarks.DeviceNano;

/// <summary>The four messages of the CoAP benchmarks, from the vectors.</summary>
internal sealed record DeviceNanoMessage(string Name, byte[] Bytes, byte Type, byte Code, int MessageId, byte[] Token, (int Number, byte[] Value)[] Options, byte[] Payload)
{
    public static IReadOnlyList<DeviceNanoMessage> All { get; } = Read();

    /// <summary>The least that a decoder does: walk the header and the options without checking anything. Returns a sum, so that it is kept.</summary>
    public static int BareWalk(byte[] bytes)
    {
        int at = 4 + (bytes[0] & 15);
        int sum = bytes[1];
        while (at < bytes.Length && bytes[at] != 0xFF)
        {
            int head = bytes[at++];
            int length = head & 15;
            at += (head >> 4) switch { 13 => 1, 14 => 2, _ => 0 };
            if (length == 13)
            {
                length = bytes[at++] + 13;
            }
            else if (length == 14)
            {
                length = ((bytes[at] << 8) | bytes[at + 1]) + 269;
                at += 2;
            }

            at += length;
            sum += length;
        }

        return sum + at;
    }

    private static DeviceNanoMessage[] Read()
    {
        using JsonDocument document = VectorFile.Open("coap/datagram.json");
        return [.. document.RootElement.GetProperty("vectors").EnumerateArray()
            .Where(vector => vector.GetProperty("id").GetString()!.StartsWith("bench-", StringComparison.Ordinal))
            .Select(vector => new DeviceNanoMessage(
                vector.GetProperty("id").GetString()!["bench-x-".Length..],
                vector.Hex("input"),
                vector.GetProperty("type").GetByte(),
                vector.GetProperty("code").GetByte(),
                vector.GetProperty("messageId").GetInt32(),
                vector.Hex("token"),
                [.. vector.GetProperty("options").EnumerateArray().Select(option => (option.GetProperty("number").GetInt32(), option.Hex("value")))],
                vector.Hex("payload")))];
    }
}
