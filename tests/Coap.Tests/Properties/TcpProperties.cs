using System.Buffers;
using Flint.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Flint.Coap.Tests.Properties;

public sealed class TcpProperties
{
    private static readonly CoapTcpLimits Large = new(1 << 20, 65804);

    [Fact]
    public void WrittenMessage_Read_IsTheSame() => PropertyRunner.Check(MessageGenerator.Any(1024), (PlainMessage plain) =>
    {
        byte[] bytes = plain.WriteTcp();
        Assert.Equal(CoapReadStatus.Ok, CoapTcpMessageReader.TryRead(bytes, Large, out CoapTcpMessageReader message, out int consumed));
        Assert.Equal(bytes.Length, consumed);
        Assert.Equal(plain.Code, message.Code);
        Assert.Equal(plain.Token, message.Token);
        Assert.Equal(Messages.Describe(plain.Options), Messages.Describe(message.Options));
        Assert.Equal(plain.Payload, message.Payload);
    });

    [Fact]
    public void AnyBytes_Read_GiveAStatusAndReencodeToThemselves() =>
        PropertyRunner.Check(MessageGenerator.NearlyMessages(message => message.WriteTcp()), ReadsOrRefuses, 20000);

    [Fact]
    public void Stream_InAnyPieces_GivesTheSameMessages()
    {
        Arbitrary<(PlainMessage[] Messages, int Piece)> input =
            (from messages in MessageGenerator.Several.Generator from piece in Gen.Choose(1, 40) select (messages, piece)).ToArbitrary();
        PropertyRunner.Check(input, ((PlainMessage[] Messages, int Piece) one) =>
        {
            byte[] stream = [.. one.Messages.SelectMany(message => message.WriteTcp())];
            ReadOnlySequence<byte> rest = Messages.Pieces(stream, one.Piece);
            var scratch = new byte[8192];
            foreach (PlainMessage plain in one.Messages)
            {
                Assert.Equal(CoapReadStatus.Ok, CoapTcpMessageReader.TryRead(rest, Large, scratch, out CoapTcpMessageReader message, out int consumed));
                Assert.Equal(plain.Code, message.Code);
                Assert.Equal(plain.Token, message.Token);
                Assert.Equal(Messages.Describe(plain.Options), Messages.Describe(message.Options));
                Assert.Equal(plain.Payload, message.Payload);
                rest = rest.Slice(consumed);
            }

            Assert.True(rest.IsEmpty);
        });
    }

    [Fact]
    public void AnyBytes_GrowingByOne_NeverTakeAVerdictBack() =>
        PropertyRunner.Check(MessageGenerator.NearlyMessages(message => message.WriteTcp()), NeverTakesAVerdictBack, 2000);

    private static void ReadsOrRefuses(byte[] bytes)
    {
        CoapReadStatus status = CoapTcpMessageReader.TryRead(bytes, CoapTcpLimits.Base, out CoapTcpMessageReader message, out int consumed);

        Assert.True(Enum.IsDefined(status));
        if (status == CoapReadStatus.Ok)
        {
            var copy = new byte[consumed + 2];
            var writer = new CoapMessageWriter(copy);
            writer.WriteTcpHeader(message.Code, message.Token);
            foreach (CoapOption option in message.Options)
            {
                writer.WriteOption(option.Number, option.Value);
            }

            writer.WritePayload(message.Payload);
            Assert.True(writer.TryComplete(out int length));
            Assert.Equal(bytes[..consumed], copy[..length]);
        }
    }

    private static void NeverTakesAVerdictBack(byte[] bytes)
    {
        CoapReadStatus whole = CoapTcpMessageReader.TryRead(bytes, CoapTcpLimits.Base, out _, out int consumed);
        for (int length = 0; length <= bytes.Length; length++)
        {
            CoapReadStatus status = CoapTcpMessageReader.TryRead(bytes.AsSpan(0, length), CoapTcpLimits.Base, out _, out int consumedNow);

            Assert.True(status == CoapReadStatus.NeedMoreData || (status == whole && consumedNow == consumed), $"{status} at {length}, then {whole}");
        }
    }
}
