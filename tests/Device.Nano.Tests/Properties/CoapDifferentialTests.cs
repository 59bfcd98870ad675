using Flint.Testing;
using CoapMessageReader = Flint.Coap.CoapMessageReader;
using CoapMessageWriter = Flint.Coap.CoapMessageWriter;
using CoapOption = Flint.Coap.CoapOption;
using CoapOptions = Flint.Coap.CoapOptions;
using CoapTcpLimits = Flint.Coap.CoapTcpLimits;
using CoapTcpMessageReader = Flint.Coap.CoapTcpMessageReader;

namespace Flint.Device.Nano.Tests.Properties;

/// <summary>Two implementations of one specification: the device's codec and the server's say the same of the same bytes.</summary>
public sealed class CoapDifferentialTests
{
    [Theory]
    [InlineData(8)]
    [InlineData(300)]
    public void Datagram_AnyBytes_BothReadersAgree(int maxTokenLength) => PropertyRunner.Check(CoapSamples.AlmostMessages, bytes =>
    {
        var reader = new CoapReader { MaxTokenLength = maxTokenLength };
        Flint.Coap.CoapReadStatus expected = CoapMessageReader.TryRead(bytes, maxTokenLength, out CoapMessageReader peer);

        var datagram = new CoapDatagram();
        Assert.Equal(expected.ToString(), datagram.Read(reader, bytes, 0, bytes.Length).ToString());

        Assert.Equal((int)peer.Type, (int)datagram.Type);
        Assert.Equal(peer.MessageId, datagram.MessageId);
        AssertSame((byte)peer.Code, peer.Token, peer.Options, peer.Payload, reader, bytes);
    }, 3000);

    [Theory]
    [InlineData(8, 1152)]
    [InlineData(300, 600)]
    public void Stream_AnyBytes_BothReadersAgree(int maxTokenLength, int maxMessageSize) => PropertyRunner.Check(CoapSamples.AlmostMessages, bytes =>
    {
        var reader = new CoapReader { MaxTokenLength = maxTokenLength };
        Flint.Coap.CoapReadStatus expected = CoapTcpMessageReader.TryRead(
            bytes, new CoapTcpLimits(maxMessageSize, maxTokenLength), out CoapTcpMessageReader peer, out int consumed);

        Assert.Equal(expected.ToString(), reader.ReadStream(bytes, 0, bytes.Length, maxMessageSize).ToString());

        Assert.Equal(consumed, reader.Consumed);
        AssertSame((byte)peer.Code, peer.Token, peer.Options, peer.Payload, reader, bytes);
    }, 3000);

    [Fact]
    public void Writer_AnyMessage_BothWritersGiveTheSameBytes() => PropertyRunner.Check(CoapSamples.Messages, sample =>
    {
        byte[] ours = new byte[4096];
        byte[] theirs = new byte[4096];
        var writer = new CoapWriter();

        sample.WriteDatagram(writer, ours, 0, ours.Length);
        Assert.Equal(CoapWriteStatus.Ok, writer.Complete());
        var peer = new CoapMessageWriter(theirs);
        peer.WriteHeader((Flint.Coap.CoapType)sample.Type, (Flint.Coap.CoapCode)sample.Code, (ushort)sample.MessageId, sample.Token);
        Assert.Equal(Complete(ref peer, sample, theirs), ours[..writer.Length]);

        sample.WriteStream(writer, ours, 0, ours.Length);
        Assert.Equal(CoapWriteStatus.Ok, writer.Complete());
        peer = new CoapMessageWriter(theirs);
        peer.WriteTcpHeader((Flint.Coap.CoapCode)sample.Code, sample.Token);
        Assert.Equal(Complete(ref peer, sample, theirs), ours[writer.Offset..(writer.Offset + writer.Length)]);
    });

    private static byte[] Complete(ref CoapMessageWriter peer, CoapSample sample, byte[] buffer)
    {
        foreach ((int number, byte[] value) in sample.Options)
        {
            peer.WriteOption((Flint.Coap.CoapOptionNumber)number, value);
        }

        peer.WritePayload(sample.Payload);
        Assert.True(peer.TryComplete(out int length));
        return buffer[..length];
    }

    private static void AssertSame(byte code, ReadOnlySpan<byte> token, CoapOptions options, ReadOnlySpan<byte> payload, CoapReader reader, byte[] bytes)
    {
        Assert.Equal(code, reader.Code);
        Assert.Equal(token, bytes.AsSpan(reader.TokenOffset, reader.TokenLength));
        Assert.Equal(payload, bytes.AsSpan(reader.PayloadOffset, reader.PayloadLength));
        foreach (CoapOption option in options)
        {
            Assert.True(reader.NextOption());
            Assert.Equal((int)option.Number, reader.OptionNumber);
            Assert.Equal(option.Value, bytes.AsSpan(reader.OptionOffset, reader.OptionLength));
        }

        Assert.False(reader.NextOption());
    }
}
