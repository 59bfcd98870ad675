using System.Buffers;

namespace Flint.Coap.Tests.Rfc7252;

/// <summary>RFC 7252 section 3 by hand; docs/spec/vectors/coap/datagram.json has every malformed form.</summary>
public sealed class Section3_MessageFormatTests
{
    [Fact]
    public void Reset_AfterAMalformedMessage_NeedsOnlyTheHeader()
    {
        byte[] malformed = [0x40, 0x01, 0x7d, 0x34, 0xf0];

        Assert.Equal(CoapReadStatus.ReservedOptionDelta, CoapMessageReader.TryRead(malformed, out _));
        Assert.Equal(CoapReadStatus.Ok, CoapHeader.TryRead(malformed, out CoapHeader header));
        Assert.Equal(new CoapHeader(CoapType.Confirmable, 0, CoapCode.Get, 0x7d34), header);
    }

    [Fact]
    public void EmptyWithContent_Header_TellsWhatToReset()
    {
        Assert.Equal(CoapReadStatus.Ok, CoapHeader.TryRead([0x49, 0x00, 0x12, 0x34], out CoapHeader header));
        Assert.Equal(new CoapHeader(CoapType.Confirmable, 9, CoapCode.Empty, 0x1234), header);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Header_TooShort_IsTruncated(int length) =>
        Assert.Equal(CoapReadStatus.TruncatedHeader, CoapHeader.TryRead(new byte[length], out _));

    [Fact]
    public void Options_Found_ByNumber()
    {
        CoapMessageReader message = Read([0x40, 0x01, 0, 1, 0xb1, 0x61, 0x01, 0x62, 0x11, 0x32]);

        Assert.True(message.Options.TryFind(CoapOptionNumber.UriPath, out CoapOption path));
        Assert.Equal("a", path.GetString());
        Assert.True(message.Options.TryFind(CoapOptionNumber.ContentFormat, out CoapOption format));
        Assert.True(format.TryGetUInt32(out uint value));
        Assert.Equal(50u, value);
        Assert.False(message.Options.TryFind(CoapOptionNumber.ETag, out _));
        Assert.False(message.Options.TryFind(CoapOptionNumber.Accept, out _));
    }

    [Theory]
    [InlineData("", true, 0u)]
    [InlineData("00", true, 0u)]
    [InlineData("0001", true, 1u)]
    [InlineData("ffffffff", true, 0xffffffffu)]
    [InlineData("0000000001", false, 0u)]
    public void Uint_AnyLength_IsReadOrRefused(string hex, bool expected, uint expectedValue)
    {
        CoapOption option = new(CoapOptionNumber.MaxAge, Convert.FromHexString(hex));

        Assert.Equal(expected, option.TryGetUInt32(out uint value));
        Assert.Equal(expectedValue, value);
    }

    [Theory]
    [InlineData(0u, 0)]
    [InlineData(255u, 1)]
    [InlineData(256u, 2)]
    [InlineData(0xffffu, 2)]
    [InlineData(0x10000u, 3)]
    [InlineData(0x1000000u, 4)]
    public void Uint_Written_TakesTheFewestBytes(uint value, int length)
    {
        var buffer = new byte[32];
        var writer = new CoapMessageWriter(buffer);
        writer.WriteHeader(CoapType.NonConfirmable, CoapCode.Content, 1, default);
        writer.WriteOption(CoapOptionNumber.MaxAge, value);
        Assert.True(writer.TryComplete(out int total));

        Assert.True(Read(buffer[..total]).Options.TryFind(CoapOptionNumber.MaxAge, out CoapOption option));
        Assert.Equal(length, option.Value.Length);
        Assert.True(option.TryGetUInt32(out uint read));
        Assert.Equal(value, read);
    }

    [Theory]
    [InlineData("", true, "")]
    [InlineData("c3bc", true, "\u00fc")]
    [InlineData("c3", false, "")]
    [InlineData("ff", false, "")]
    public void String_OfAnyBytes_IsReadOrRefused(string hex, bool expected, string expectedValue)
    {
        CoapOption option = new(CoapOptionNumber.UriPath, Convert.FromHexString(hex));

        Assert.Equal(expected, option.TryGetString(out string value));
        Assert.Equal(expectedValue, value);
    }

    [Fact]
    public void Options_OfAList_AreTyped()
    {
        var options = new CoapOptionList();
        options.Add(CoapOptionNumber.IfNoneMatch);
        options.Add(CoapOptionNumber.UriHost, "example.net");
        options.Add(CoapOptionNumber.UriPath, [0xff]);
        options.Set(CoapOptionNumber.Size1, 70000);
        options.Set(CoapOptionNumber.Size1, 300);
        options.Set(CoapOptionNumber.MaxAge, 7);
        options.Set(CoapOptionNumber.MaxAge, null);
        options.Add(CoapOptionNumber.Observe, [1, 2, 3, 4]);

        Assert.True(options.Contains(CoapOptionNumber.IfNoneMatch));
        Assert.True(options.TryGetString(CoapOptionNumber.UriHost, out string host));
        Assert.Equal("example.net", host);
        Assert.False(options.TryGetString(CoapOptionNumber.UriPath, out _));
        Assert.False(options.TryGetString(CoapOptionNumber.UriQuery, out _));
        Assert.True(options.TryGetUInt32(CoapOptionNumber.Size1, out uint size));
        Assert.Equal(300u, size);
        Assert.False(options.Contains(CoapOptionNumber.MaxAge));
        Assert.False(options.TryGetUInt32(CoapOptionNumber.Observe, out _));
    }

    [Fact]
    public void Writer_OverABufferWriter_AdvancesItByEachMessage()
    {
        var output = new ArrayBufferWriter<byte>();
        for (int i = 1; i <= 3; i++)
        {
            var writer = new CoapMessageWriter(output, 64);
            writer.WriteHeader(CoapType.Confirmable, CoapCode.Post, (ushort)i, [1, 2]);
            writer.WriteOption(CoapOptionNumber.UriPath, "e");
            writer.WritePayload("warm"u8);
            Assert.True(writer.TryComplete(out int length));
            Assert.Equal(13, length);
            Assert.Equal(13 * i, output.WrittenCount);
        }

        Assert.Equal(3, Read(output.WrittenSpan[26..].ToArray()).MessageId);
    }

    [Fact]
    public void Writer_OverABufferWriter_FramesForStreamsToo()
    {
        var output = new ArrayBufferWriter<byte>();
        foreach (int size in (int[])[0, 1, 11, 12, 13, 267, 268, 269, 1000])
        {
            var writer = new CoapMessageWriter(output, 1200);
            writer.WriteTcpHeader(CoapCode.Content, [7]);
            writer.WritePayload(new byte[size]);
            Assert.True(writer.TryComplete(out _));
        }

        ReadOnlySpan<byte> stream = output.WrittenSpan;
        foreach (int size in (int[])[0, 1, 11, 12, 13, 267, 268, 269, 1000])
        {
            Assert.Equal(CoapReadStatus.Ok, CoapTcpMessageReader.TryRead(stream, CoapTcpLimits.Base, out CoapTcpMessageReader message, out int consumed));
            Assert.Equal(size, message.Payload.Length);
            stream = stream[consumed..];
        }

        Assert.True(stream.IsEmpty);
    }

    [Fact]
    public void Writer_OverABufferWriter_LeavesItAloneWhereTheMessageIsTooLong()
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new CoapMessageWriter(output, 16);
        writer.WriteHeader(CoapType.Confirmable, CoapCode.Post, 1, default);
        writer.WritePayload(new byte[12]);

        Assert.False(writer.TryComplete(out int length));
        Assert.Equal(0, length);
        Assert.Equal(0, output.WrittenCount);
        Assert.Throws<ArgumentOutOfRangeException>(() => new CoapMessageWriter(output, 0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public void Reader_OverPieces_ReadsTheSame(int size)
    {
        byte[] datagram = [0x42, 0x01, 0, 1, 7, 8, 0xb1, 0x61, 0xff, 0x62];
        var scratch = new byte[datagram.Length];

        Assert.Equal(CoapReadStatus.Ok, CoapMessageReader.TryRead(Messages.Pieces(datagram, size), 8, scratch, out CoapMessageReader message));
        Assert.Equal((byte[])[7, 8], message.Token);
        Assert.Equal(["11: 61"], Messages.Describe(message.Options));
        Assert.Equal((byte[])[0x62], message.Payload);
        Assert.Equal(CoapReadStatus.PayloadMarkerWithoutPayload, CoapMessageReader.TryRead(Messages.Pieces(datagram[..9], size), 8, scratch, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => CoapMessageReader.TryRead(Messages.Pieces(datagram, 1), 8, new byte[9], out _));
    }

    [Fact]
    public void Writer_EveryBufferThatIsTooSmall_SaysSo()
    {
        for (int size = 0; size <= 4 + 2 + 14 + 1 + 5; size++)
        {
            var writer = new CoapMessageWriter(new byte[size]);
            writer.WriteHeader(CoapType.Confirmable, CoapCode.Post, 1, [1, 2]);
            writer.WriteOption(CoapOptionNumber.UriPath, "measurements");
            writer.WriteOption(CoapOptionNumber.ContentFormat, CoapContentFormat.TextPlain);
            writer.WritePayload("warm"u8);

            Assert.Equal(size >= 4 + 2 + 13 + 1 + 5, writer.TryComplete(out int length));
            Assert.Equal(size >= 4 + 2 + 13 + 1 + 5 ? 25 : 0, length);
        }
    }

    [Fact]
    public void Writer_OptionsOutOfOrder_IsTheCallersBug() => Assert.Throws<InvalidOperationException>(() =>
    {
        var writer = new CoapMessageWriter(new byte[64]);
        writer.WriteHeader(CoapType.Confirmable, CoapCode.Get, 1, default);
        writer.WriteOption(CoapOptionNumber.UriQuery, "a");
        writer.WriteOption(CoapOptionNumber.UriPath, "b");
    });

    /// <summary>Numbers and short values, which are written in a way of their own: before the header, behind the payload, behind copied options, behind the end, and below the last number.</summary>
    [Theory]
    [InlineData("nothing")]
    [InlineData("payload")]
    [InlineData("options")]
    [InlineData("end")]
    [InlineData("higher number")]
    public void Writer_ShortOptionOutOfPlace_IsTheCallersBug(string behind)
    {
        Assert.Throws<InvalidOperationException>(() => WriteBehind(behind, (ref CoapMessageWriter writer) => writer.WriteOption(CoapOptionNumber.ContentFormat, 1u)));
        Assert.Throws<InvalidOperationException>(() => WriteBehind(behind, (ref CoapMessageWriter writer) => writer.WriteOption(CoapOptionNumber.IfMatch, [1])));
        Assert.Throws<InvalidOperationException>(() => WriteBehind(behind, (ref CoapMessageWriter writer) => writer.WriteOption(CoapOptionNumber.ETag, new byte[8])));
    }

    private delegate void Step(ref CoapMessageWriter writer);

    private static void WriteBehind(string what, Step step)
    {
        var writer = new CoapMessageWriter(new byte[64]);
        if (what != "nothing")
        {
            writer.WriteHeader(CoapType.Confirmable, CoapCode.Get, 1, default);
        }

        switch (what)
        {
            case "payload":
                writer.WritePayload([1]);
                break;
            case "options":
                writer.WriteOptions(default);
                break;
            case "end":
                writer.TryComplete(out _);
                break;
            case "higher number":
                writer.WriteOption(CoapOptionNumber.UriQuery, [1]);
                break;
        }

        step(ref writer);
    }

    [Fact]
    public void Writer_HeaderThatDoesNotFit_IsToldAtTheEnd()
    {
        var writer = new CoapMessageWriter(new byte[3]);
        writer.WriteHeader(CoapType.Confirmable, CoapCode.Get, 1, default);
        writer.WriteOptions(default);

        Assert.False(writer.TryComplete(out int length));
        Assert.Equal(0, length);
    }

    [Fact]
    public void Writer_StepsOutOfOrder_AreTheCallersBug()
    {
        Assert.Throws<InvalidOperationException>(() => new CoapMessageWriter(new byte[64]).WritePayload([1]));
        Assert.Throws<InvalidOperationException>(() => new CoapMessageWriter(new byte[64]).WriteOption(CoapOptionNumber.IfNoneMatch));
        Assert.Throws<InvalidOperationException>(() => new CoapMessageWriter(new byte[64]).TryComplete(out _));
        Assert.Throws<InvalidOperationException>(() =>
        {
            var writer = new CoapMessageWriter(new byte[64]);
            writer.WriteHeader(CoapType.Confirmable, CoapCode.Get, 1, default);
            writer.WritePayload([1]);
            writer.WriteOption(CoapOptionNumber.UriPath, "late");
        });
        Assert.Throws<InvalidOperationException>(() =>
        {
            var writer = new CoapMessageWriter(new byte[64]);
            writer.WriteHeader(CoapType.Confirmable, CoapCode.Get, 1, default);
            writer.WriteTcpHeader(CoapCode.Get, default);
        });
    }

    private static CoapMessageReader Read(byte[] datagram)
    {
        Assert.Equal(CoapReadStatus.Ok, CoapMessageReader.TryRead(datagram, out CoapMessageReader message));
        return message;
    }
}
