using System.Text;
using Flint.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Flint.Device.Nano.Tests.Properties;

/// <summary>Messages, and bytes that are nearly messages.</summary>
internal static class CoapSamples
{
    public static Arbitrary<CoapSample> Messages { get; } = Arb.From(
        from type in Gen.Elements(CoapType.Confirmable, CoapType.NonConfirmable)
        from code in Gen.Elements<byte>(1, 2, 3, 4, 5, 0x41, 0x45, 0x5F, 0x61, 0x84, 0xA0, 0xBF)
        from messageId in Gen.Choose(0, 65535)
        from token in Bytes(0, 8)
        from options in Options
        from payload in Gen.OneOf(Bytes(0, 20), Bytes(240, 700))
        select new CoapSample(type, code, messageId, token, options, payload));

    /// <summary>Random bytes, and messages with a few bytes changed, cut off or added.</summary>
    public static Arbitrary<byte[]> AlmostMessages { get; } = Arb.From(Gen.OneOf(
        Bytes(0, 40),
        from sample in Messages.Generator
        from stream in Gen.Elements(true, false)
        from changes in Gen.Choose(0, 3)
        from places in Gen.ArrayOf(Gen.Choose(0, 4000), changes)
        from values in Gen.ArrayOf(Gen.Choose(0, 255), changes)
        from cut in Gen.OneOf(Gen.Constant(0), Gen.Choose(-3, 3))
        select Change(sample, stream, places, values, cut)));

    public static byte[]? StrictUtf8(string text)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(text);
        }
        catch (EncoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>Writes again what the reader tells of <paramref name="bytes"/>, as a datagram where it was one.</summary>
    public static void Rewrite(CoapReader reader, byte[] bytes, CoapWriter writer, byte[] buffer, CoapDatagram? datagram)
    {
        if (datagram is null)
        {
            writer.BeginStream(buffer, 0, buffer.Length, reader.Code, bytes, reader.TokenOffset, reader.TokenLength);
        }
        else
        {
            CoapDatagram.Begin(writer, buffer, 0, buffer.Length, datagram.Type, reader.Code, datagram.MessageId, bytes, reader.TokenOffset, reader.TokenLength);
        }

        while (reader.NextOption())
        {
            writer.WriteOption(reader.OptionNumber, bytes, reader.OptionOffset, reader.OptionLength);
        }

        writer.WritePayload(bytes, reader.PayloadOffset, reader.PayloadLength);
    }

    private static Gen<(int Number, byte[] Value)[]> Options =>
        from count in Gen.Choose(0, 6)
        from deltas in Gen.ArrayOf(Gen.OneOf(Gen.Choose(0, 14), Gen.Choose(260, 275), Gen.Choose(0, 9000)), count)
        from values in Gen.ArrayOf(Gen.OneOf(Bytes(0, 15), Bytes(260, 275)), count)
        select Number(deltas, values);

    private static (int Number, byte[] Value)[] Number(int[] deltas, byte[][] values)
    {
        int number = 0;
        return [.. deltas.Zip(values, (delta, value) => (number += delta, value))];
    }

    private static Gen<byte[]> Bytes(int least, int most) =>
        from length in Gen.Choose(least, most)
        from bytes in Gen.ArrayOf(Gen.Choose(0, 255), length)
        select Array.ConvertAll(bytes, b => (byte)b);

    private static byte[] Change(CoapSample sample, bool stream, int[] places, int[] values, int cut)
    {
        byte[] buffer = new byte[4096];
        var writer = new CoapWriter();
        if (stream)
        {
            sample.WriteStream(writer, buffer, 0, buffer.Length);
        }
        else
        {
            sample.WriteDatagram(writer, buffer, 0, buffer.Length);
        }

        Assert.Equal(CoapWriteStatus.Ok, writer.Complete());
        byte[] bytes = buffer[writer.Offset..(writer.Offset + writer.Length)];
        Array.Resize(ref bytes, Math.Max(1, bytes.Length + cut));
        foreach ((int place, int value) in places.Zip(values))
        {
            // Most changes where they matter: in the header and the first options.
            bytes[place % Math.Min(bytes.Length, place % 2 == 0 ? 12 : bytes.Length)] = (byte)value;
        }

        return bytes;
    }
}

/// <summary>A message as its parts.</summary>
internal sealed record CoapSample(CoapType Type, byte Code, int MessageId, byte[] Token, (int Number, byte[] Value)[] Options, byte[] Payload)
{
    public void WriteDatagram(CoapWriter writer, byte[] buffer, int offset, int count)
    {
        CoapDatagram.Begin(writer, buffer, offset, count, Type, Code, MessageId, Token, 0, Token.Length);
        WriteContent(writer);
    }

    public void WriteStream(CoapWriter writer, byte[] buffer, int offset, int count)
    {
        writer.BeginStream(buffer, offset, count, Code, Token, 0, Token.Length);
        WriteContent(writer);
    }

    public void AssertRead(CoapReader reader, byte[] buffer)
    {
        Assert.Equal(Code, reader.Code);
        Assert.Equal(Token, buffer[reader.TokenOffset..(reader.TokenOffset + reader.TokenLength)]);
        Assert.Equal(Payload, buffer[reader.PayloadOffset..(reader.PayloadOffset + reader.PayloadLength)]);
        foreach ((int number, byte[] value) in Options)
        {
            Assert.True(reader.NextOption());
            Assert.Equal(number, reader.OptionNumber);
            Assert.Equal(value, buffer[reader.OptionOffset..(reader.OptionOffset + reader.OptionLength)]);
        }

        Assert.False(reader.NextOption());
    }

    private void WriteContent(CoapWriter writer)
    {
        foreach ((int number, byte[] value) in Options)
        {
            writer.WriteOption(number, value, 0, value.Length);
        }

        writer.WritePayload(Payload, 0, Payload.Length);
    }
}
