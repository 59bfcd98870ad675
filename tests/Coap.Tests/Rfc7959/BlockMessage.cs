using Flint.Coap.Tests.Exchange;

namespace Flint.Coap.Tests.Rfc7959;

/// <summary>Short ways to messages with Block options, in the notation of the RFC: "1:2/1/128" is Block1, number 2, more, 128 bytes.</summary>
internal static class BlockMessage
{
    public static CoapBlock Block(string text)
    {
        string[] parts = text[2..].Split('/');
        int exponent = parts[2] == "BERT" ? 7 : int.Log2(int.Parse(parts[2])) - 4;
        return new CoapBlock(int.Parse(parts[0]), parts[1] == "1", exponent);
    }

    public static string Describe(int option, CoapBlock? block) =>
        block is CoapBlock value ? $"{option}:{value.Number}/{(value.More ? 1 : 0)}/{(value.IsBert ? "BERT" : value.Size)}" : "none";

    public static (CoapOptionNumber, uint) Option(string text) =>
        (text[0] == '1' ? CoapOptionNumber.Block1 : CoapOptionNumber.Block2, Block(text).Value);

    /// <summary>A message with these options, in the order of their numbers.</summary>
    public static byte[] With(CoapCode code, params (CoapOptionNumber Number, uint Value)[] options) =>
        code.IsRequest()
            ? Datagrams.Request(code, "aa", options: [.. options.OrderBy(option => option.Number)])
            : Datagrams.Response(code, "aa", options: [.. options.OrderBy(option => option.Number)]);

    public static CoapMessageReader Read(byte[] message)
    {
        Assert.Equal(CoapReadStatus.Ok, CoapMessageReader.TryRead(message, out CoapMessageReader reader));
        return reader;
    }
}
