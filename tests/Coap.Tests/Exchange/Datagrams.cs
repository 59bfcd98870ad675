namespace Flint.Coap.Tests.Exchange;

/// <summary>Short ways to write and read the messages that the tests of the machines exchange.</summary>
internal static class Datagrams
{
    public static byte[] Request(
        CoapCode code, string token, CoapType type = CoapType.Confirmable, ushort messageId = 0, byte[]? payload = null, params (CoapOptionNumber, uint)[] options) =>
        Complete(type, code, messageId, token, payload, options);

    public static byte[] Response(
        CoapCode code, string token, CoapType type = CoapType.Acknowledgement, ushort messageId = 0, byte[]? payload = null, params (CoapOptionNumber, uint)[] options) =>
        Complete(type, code, messageId, token, payload, options);

    public static byte[] Empty(CoapType type, ushort messageId) => [(byte)(0x40 | (int)type << 4), 0, (byte)(messageId >> 8), (byte)(messageId & 0xff)];

    /// <summary>"CON 0.01 7d34 token=aa payload=…": what a message is, at one glance.</summary>
    public static string Describe(ReadOnlySpan<byte> datagram)
    {
        CoapReadStatus status = CoapMessageReader.TryRead(datagram, out CoapMessageReader message);
        if (status != CoapReadStatus.Ok)
        {
            return status.ToString();
        }

        string type = message.Type switch { CoapType.Confirmable => "CON", CoapType.NonConfirmable => "NON", CoapType.Acknowledgement => "ACK", _ => "RST" };
        string text = $"{type} {message.Code.ToDotted()} {message.MessageId:x4}";
        if (message.Code == CoapCode.Empty)
        {
            return text;
        }

        text += " " + Convert.ToHexStringLower(message.Token);
        return message.Payload.IsEmpty ? text : text + " " + Convert.ToHexStringLower(message.Payload);
    }

    private static byte[] Complete(
        CoapType type, CoapCode code, ushort messageId, string token, byte[]? payload, (CoapOptionNumber Number, uint Value)[] options)
    {
        var buffer = new byte[1300];
        var writer = new CoapMessageWriter(buffer);
        writer.WriteHeader(type, code, messageId, Convert.FromHexString(token));
        foreach ((CoapOptionNumber number, uint value) in options)
        {
            writer.WriteOption(number, value);
        }

        writer.WritePayload(payload);
        Assert.True(writer.TryComplete(out int length));
        return buffer[..length];
    }
}
