using FsCheck;
using FsCheck.Fluent;

namespace Flint.Coap.Tests.Properties;

/// <summary>A message as plain data, for generators.</summary>
public sealed record PlainMessage(CoapType Type, CoapCode Code, ushort MessageId, byte[] Token, (CoapOptionNumber Number, byte[] Value)[] Options, byte[] Payload)
{
    public override string ToString() =>
        $"{Type} {Code.ToDotted()} {MessageId} [{Convert.ToHexString(Token)}] {{{string.Join(", ", Messages.Describe(Options))}}} {Convert.ToHexString(Payload)}";

    public byte[] WriteDatagram()
    {
        var buffer = new byte[Bound];
        var writer = new CoapMessageWriter(buffer);
        writer.WriteHeader(Type, Code, MessageId, Token);
        Messages.WriteBody(ref writer, Options, Payload);
        return writer.TryComplete(out int length) ? buffer[..length] : throw new InvalidOperationException("The bound is too small.");
    }

    public byte[] WriteTcp()
    {
        var buffer = new byte[Bound];
        var writer = new CoapMessageWriter(buffer);
        writer.WriteTcpHeader(Code, Token);
        Messages.WriteBody(ref writer, Options, Payload);
        return writer.TryComplete(out int length) ? buffer[..length] : throw new InvalidOperationException("The bound is too small.");
    }

    private int Bound => 16 + Token.Length + Options.Sum(option => 5 + option.Value.Length) + Payload.Length;
}

/// <summary>Generators of messages and of bytes that are nearly messages.</summary>
internal static class MessageGenerator
{
    /// <summary>Lengths at and around the steps of the format, small ones most often.</summary>
    private static Gen<int> Length(int most) => Gen.Frequency(
        (8, Gen.Choose(0, Math.Min(most, 12))),
        (3, Gen.Elements(new[] { 13, 14, 255, 268, 269, 270, 1024 }.Where(n => n <= most).DefaultIfEmpty(most).ToArray())));

    private static Gen<byte[]> Bytes(int most) =>
        from length in Length(most)
        from bytes in Gen.ArrayOf(Gen.Choose(0, 255).Select(b => (byte)b), length)
        select bytes;

    private static Gen<(CoapOptionNumber Number, byte[] Value)[]> Options =>
        from count in Gen.Choose(0, 8)
        from numbers in Gen.ArrayOf(
            Gen.Frequency((6, Gen.Choose(1, 60)), (2, Gen.Choose(0, 65535)), (1, Gen.Elements(11, 12, 13, 268, 269, 281, 65535))), count)
        from values in Gen.ArrayOf(Bytes(270), count)
        select numbers.Order().Zip(values, (number, value) => ((CoapOptionNumber)number, value)).ToArray();

    /// <summary>Any message that a datagram may hold.</summary>
    public static Arbitrary<PlainMessage> Any(int maxTokenLength = 8) =>
        (from confirmable in Gen.Elements(CoapType.Confirmable, CoapType.NonConfirmable)
         from code in Gen.OneOf(Gen.Choose(1, 31), Gen.Choose(64, 191))
         from id in Gen.Choose(0, 65535)
         from token in Bytes(maxTokenLength)
         from options in Options
         from payload in Bytes(1024)
         select new PlainMessage(confirmable, (CoapCode)code, (ushort)id, token, options, payload)).ToArbitrary();

    /// <summary>A few messages in a row.</summary>
    public static Arbitrary<PlainMessage[]> Several =>
        (from count in Gen.Choose(1, 6) from messages in Gen.ArrayOf(Any().Generator, count) select messages).ToArbitrary();

    /// <summary>Random bytes, and good messages with bytes changed, cut or inserted.</summary>
    public static Arbitrary<byte[]> NearlyMessages(Func<PlainMessage, byte[]> write)
    {
        Gen<byte[]> mutated =
            from message in Any().Generator
            from cut in Gen.Choose(0, 100)
            from place in Gen.Choose(0, 40)
            from value in Gen.Choose(0, 255)
            select Mutate(write(message), cut, place, (byte)value);
        return Gen.Frequency((1, Gen.Sized(size => Gen.ArrayOf(Gen.Choose(0, 255).Select(b => (byte)b), size))), (3, mutated)).ToArbitrary();
    }

    private static byte[] Mutate(byte[] bytes, int cut, int place, byte value)
    {
        byte[] changed = cut < 50 ? bytes[..(bytes.Length * cut / 50)] : [.. bytes];
        if (changed.Length > 0)
        {
            changed[place % changed.Length] = value;
        }

        return changed;
    }
}
