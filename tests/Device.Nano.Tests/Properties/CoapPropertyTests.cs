using Flint.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Flint.Device.Nano.Tests.Properties;

/// <summary>Round trips, arbitrary bytes, and any cut of a stream.</summary>
public sealed class CoapPropertyTests
{
    [Fact]
    public void Datagram_AnyMessage_RoundTrips() => PropertyRunner.Check(CoapSamples.Messages, sample =>
    {
        byte[] buffer = new byte[4096];
        var writer = new CoapWriter();
        sample.WriteDatagram(writer, buffer, 1, buffer.Length - 1);
        Assert.Equal(CoapWriteStatus.Ok, writer.Complete());
        var reader = new CoapReader();

        var datagram = new CoapDatagram();

        Assert.Equal(CoapReadStatus.Ok, datagram.Read(reader, buffer, writer.Offset, writer.Length));

        Assert.Equal((sample.Type, sample.MessageId), (datagram.Type, datagram.MessageId));
        sample.AssertRead(reader, buffer);
    });

    [Fact]
    public void Stream_AnyMessage_RoundTrips() => PropertyRunner.Check(CoapSamples.Messages, sample =>
    {
        byte[] buffer = new byte[4096];
        var writer = new CoapWriter();
        sample.WriteStream(writer, buffer, 1, buffer.Length - 1);
        Assert.Equal(CoapWriteStatus.Ok, writer.Complete());
        var reader = new CoapReader();

        Assert.Equal(CoapReadStatus.Ok, reader.ReadStream(buffer, writer.Offset, writer.Length, writer.Length));

        Assert.Equal(writer.Length, reader.Consumed);
        sample.AssertRead(reader, buffer);
    });

    [Fact]
    public void Stream_AnyPrefixOfAMessage_NeedsMoreData() => PropertyRunner.Check(CoapSamples.Messages, sample =>
    {
        byte[] buffer = new byte[4096];
        var writer = new CoapWriter();
        sample.WriteStream(writer, buffer, 0, buffer.Length);
        writer.Complete();
        var reader = new CoapReader();
        for (int length = 0; length < writer.Length; length++)
        {
            Assert.Equal(CoapReadStatus.NeedMoreData, reader.ReadStream(buffer, writer.Offset, length, writer.Length));
        }

        Assert.Equal(CoapReadStatus.MessageTooLarge, reader.ReadStream(buffer, writer.Offset, writer.Length, writer.Length - 1));
    }, 100);

    [Fact]
    public void Datagram_ARoomOneByteShort_SaysSo() => PropertyRunner.Check(CoapSamples.Messages, sample =>
    {
        byte[] buffer = new byte[4096];
        var writer = new CoapWriter();
        sample.WriteDatagram(writer, buffer, 0, buffer.Length);
        writer.Complete();
        int length = writer.Length;

        sample.WriteDatagram(writer, buffer, 0, length - 1);

        Assert.Equal(CoapWriteStatus.BufferTooSmall, writer.Complete());
        Assert.Equal(0, writer.Length);
    });

    [Fact]
    public void Reader_AnyBytes_AcceptsOnlyWhatTheWriterGives() => PropertyRunner.Check(CoapSamples.AlmostMessages, bytes =>
    {
        var reader = new CoapReader();
        var datagram = new CoapDatagram();
        if (datagram.Read(reader, bytes, 0, bytes.Length) == CoapReadStatus.Ok)
        {
            byte[] buffer = new byte[bytes.Length];
            var writer = new CoapWriter();
            CoapSamples.Rewrite(reader, bytes, writer, buffer, datagram);
            Assert.Equal(CoapWriteStatus.Ok, writer.Complete());
            Assert.Equal(bytes, buffer);
        }

        if (reader.ReadStream(bytes, 0, bytes.Length, 4096) == CoapReadStatus.Ok)
        {
            byte[] buffer = new byte[reader.Consumed];
            var writer = new CoapWriter();
            int consumed = reader.Consumed;
            CoapSamples.Rewrite(reader, bytes, writer, buffer, null);
            Assert.Equal(CoapWriteStatus.Ok, writer.Complete());
            Assert.Equal(bytes[..consumed], buffer[writer.Offset..(writer.Offset + writer.Length)]);
        }
    }, 3000);

    [Fact]
    public void Text_AnyString_IsTheUtf8OfThePlatformOrRefused() => PropertyRunner.Check(ArbMap.Default.ArbFor<string>().Filter(s => s is not null), text =>
    {
        byte[] buffer = new byte[4096];
        var writer = new CoapWriter();
        CoapDatagram.Begin(writer, buffer, 0, buffer.Length, CoapType.Confirmable, CoapCode.Get, 0, [], 0, 0);
        writer.WriteOption(CoapOptionNumber.UriPath, text);
        byte[]? expected = CoapSamples.StrictUtf8(text);
        Assert.Equal(expected is null ? CoapWriteStatus.InvalidText : CoapWriteStatus.Ok, writer.Complete());
        if (expected is not null)
        {
            var reader = new CoapReader();
            Assert.Equal(CoapReadStatus.Ok, new CoapDatagram().Read(reader, buffer, 0, writer.Length));
            Assert.True(reader.NextOption());
            Assert.Equal(expected, buffer[reader.OptionOffset..(reader.OptionOffset + reader.OptionLength)]);
        }
    }, 2000);
}
