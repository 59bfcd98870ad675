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
