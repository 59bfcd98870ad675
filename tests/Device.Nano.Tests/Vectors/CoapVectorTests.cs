using System.Text.Json;
using Flint.Testing;

namespace Flint.Device.Nano.Tests.Vectors;

/// <summary>The reader and writer of the device give what docs/spec/vectors/coap says, the same files that the server's codec passes.</summary>
public sealed class CoapVectorTests
{
    public static TheoryData<string, string> Datagrams() => Ids("coap/datagram.json");

    public static TheoryData<string, string> Streams() => Ids("coap/tcp.json");

    [Theory]
    [MemberData(nameof(Datagrams))]
    public void Reader_Datagram_GivesTheResult(string file, string id)
    {
        JsonElement vector = Find(file, id);
        byte[] padded = Pad(vector.Hex("input"));
        var reader = new CoapReader { MaxTokenLength = vector.GetProperty("maxTokenLength").GetInt32() };

        var datagram = new CoapDatagram();
        CoapReadStatus status = datagram.Read(reader, padded, Padding, padded.Length - (2 * Padding));

        Assert.Equal(vector.GetProperty("result").GetString(), status.ToString());
        if (status == CoapReadStatus.Ok)
        {
            Assert.Equal(vector.GetProperty("type").GetInt32(), (int)datagram.Type);
            Assert.Equal(vector.GetProperty("messageId").GetInt32(), datagram.MessageId);
            Assert.Equal(padded.Length - (2 * Padding), reader.Consumed);
        }
        else
        {
            Assert.Equal((CoapType.Confirmable, 0), (datagram.Type, datagram.MessageId));
        }

        AssertContent(vector, reader, padded);
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public void Reader_Stream_GivesTheResult(string file, string id)
    {
        JsonElement vector = Find(file, id);
        byte[] padded = Pad(vector.Hex("input"));
        var reader = new CoapReader { MaxTokenLength = vector.GetProperty("maxTokenLength").GetInt32() };

        CoapReadStatus status = reader.ReadStream(padded, Padding, padded.Length - (2 * Padding), vector.GetProperty("maxMessageSize").GetInt32());

        Assert.Equal(vector.GetProperty("result").GetString(), status.ToString());
        Assert.Equal(status == CoapReadStatus.Ok ? vector.GetProperty("consumed").GetInt32() : 0, reader.Consumed);
        AssertContent(vector, reader, padded);
    }

    [Theory]
    [MemberData(nameof(Datagrams))]
    [MemberData(nameof(Streams))]
    public void Writer_FieldsOfAMessage_GiveItsBytes(string file, string id)
    {
        JsonElement vector = Find(file, id);
        if (vector.GetProperty("result").GetString() != "Ok")
        {
            return;
        }

        byte[] input = vector.Hex("input");
        byte[] expected = vector.TryGetProperty("consumed", out JsonElement consumed) ? input[..consumed.GetInt32()] : input;
        byte[] buffer = Pad(new byte[expected.Length]);
        var writer = new CoapWriter();
        byte[] token = vector.Hex("token");
        byte code = vector.GetProperty("code").GetByte();
        if (vector.TryGetProperty("type", out JsonElement type))
        {
            CoapDatagram.Begin(writer, buffer, Padding, expected.Length, (CoapType)type.GetByte(), code, vector.GetProperty("messageId").GetInt32(), token, 0, token.Length);
        }
        else
        {
            writer.BeginStream(buffer, Padding, expected.Length, code, token, 0, token.Length);
        }

        foreach (JsonElement option in vector.GetProperty("options").EnumerateArray())
        {
            byte[] value = option.Hex("value");
            writer.WriteOption(option.GetProperty("number").GetInt32(), value, 0, value.Length);
        }

        byte[] payload = vector.Hex("payload");
        writer.WritePayload(payload, 0, payload.Length);

        Assert.Equal(CoapWriteStatus.Ok, writer.Complete());
        Assert.Equal(expected, buffer[writer.Offset..(writer.Offset + writer.Length)]);
        Assert.All(buffer[..Padding].Concat(buffer[^Padding..]), b => Assert.Equal(Guard, b));
    }

    [Fact]
    public void Vectors_EveryStatus_HasOne()
    {
        HashSet<string> results = [.. new[] { "coap/datagram.json", "coap/tcp.json" }
            .SelectMany(file => Read(file).Select(vector => vector.GetProperty("result").GetString()!))];

        Assert.Equal(Enum.GetNames<CoapReadStatus>().Order(StringComparer.Ordinal), results.Order(StringComparer.Ordinal));
    }

    private static void AssertContent(JsonElement vector, CoapReader reader, byte[] buffer)
    {
        if (vector.GetProperty("result").GetString() != "Ok")
        {
            Assert.Equal((0, 0, 0, 0), (reader.Code, reader.TokenLength, reader.PayloadLength, reader.Consumed));
            Assert.False(reader.NextOption());
            return;
        }

        Assert.Equal(vector.GetProperty("code").GetByte(), reader.Code);
        Assert.Equal(vector.Hex("token"), buffer[reader.TokenOffset..(reader.TokenOffset + reader.TokenLength)]);
        Assert.Equal(vector.Hex("payload"), buffer[reader.PayloadOffset..(reader.PayloadOffset + reader.PayloadLength)]);
        foreach (JsonElement option in vector.GetProperty("options").EnumerateArray())
        {
            Assert.True(reader.NextOption());
            Assert.Equal(option.GetProperty("number").GetInt32(), reader.OptionNumber);
            Assert.Equal(option.Hex("value"), buffer[reader.OptionOffset..(reader.OptionOffset + reader.OptionLength)]);
        }

        Assert.False(reader.NextOption());
    }

    private static byte[] Pad(byte[] input) =>
        [.. Enumerable.Repeat(Guard, Padding), .. input, .. Enumerable.Repeat(Guard, Padding)];

    private static TheoryData<string, string> Ids(string file)
    {
        var data = new TheoryData<string, string>();
        foreach (JsonElement vector in Read(file))
        {
            data.Add(file, vector.GetProperty("id").GetString()!);
        }

        return data;
    }

    private static JsonElement Find(string file, string id) => Read(file).Single(vector => vector.GetProperty("id").GetString() == id);

    private static JsonElement[] Read(string file)
    {
        using JsonDocument document = VectorFile.Open(file);
        return [.. document.RootElement.GetProperty("vectors").EnumerateArray().Select(vector => vector.Clone())];
    }

    private const int Padding = 3;
    private const byte Guard = 0xE7;
}
