namespace Flint.Coap.Tests.Rfc9175;

/// <summary>[C-110] RFC 9175 section 2: a value proves itself only to its server, for its peer, and for its time.</summary>
public sealed class Section2_EchoTests : IDisposable
{
    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly byte[] Peer = [127, 0, 0, 1, 0x16, 0x33];
    private static readonly TimeSpan Then = TimeSpan.FromSeconds(500);
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(30);

    private readonly CoapEcho _echo = new(Key);

    [Fact]
    public void Value_ChangedInAnyBit_IsUnknown()
    {
        byte[] value = Write();
        for (int bit = 0; bit < value.Length * 8; bit++)
        {
            byte[] forged = [.. value];
            forged[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.Equal(CoapEchoStatus.Unknown, Check(forged, Peer, Then));
        }
    }

    [Fact]
    public void Value_OfAnotherLength_IsUnknown()
    {
        byte[] value = Write();
        Assert.Equal(CoapEchoStatus.Unknown, Check(value[..^1], Peer, Then));
        Assert.Equal(CoapEchoStatus.Unknown, Check([.. value, 0], Peer, Then));
        Assert.Equal(CoapEchoStatus.Unknown, Check([], Peer, Then));
    }

    [Fact]
    public void Value_OfAnotherPeerOrServer_IsUnknown()
    {
        byte[] value = Write();
        Assert.Equal(CoapEchoStatus.Unknown, Check(value, [127, 0, 0, 1, 0x16, 0x34], Then));
        using var other = new CoapEcho([.. Enumerable.Range(2, 32).Select(i => (byte)i)]);
        Assert.Equal(CoapEchoStatus.Unknown, other.Check(Options(value), Peer, Then, MaxAge));
    }

    [Fact]
    public void Value_InItsTime_IsFreshAndThenStale()
    {
        byte[] value = Write();
        Assert.Equal(CoapEcho.ValueLength, value.Length);
        Assert.Equal(CoapEchoStatus.Fresh, Check(value, Peer, Then));
        Assert.Equal(CoapEchoStatus.Fresh, Check(value, Peer, Then + MaxAge));
        Assert.Equal(CoapEchoStatus.Stale, Check(value, Peer, Then + MaxAge + TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public void Value_Absent_IsAbsent() => Assert.Equal(CoapEchoStatus.Absent, _echo.Check(Options(null), Peer, Then, MaxAge));

    [Fact]
    public void Value_CheckedOrWritten_AllocatesNothing()
    {
        byte[] value = Write();
        Check(value, Peer, Then);
        CoapOptions options = Options(value);
        long before = GC.GetAllocatedBytesForCurrentThread();
        _echo.Write(Peer, Then, value);
        CoapEchoStatus status = _echo.Check(options, Peer, Then, MaxAge);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(CoapEchoStatus.Fresh, status);
    }

    [Fact]
    public void Arguments_OutOfRange_AreTheCallersBug()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new CoapEcho(new byte[31]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _echo.Write(Peer, Then, new byte[23]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _echo.Write(new byte[65], Then, new byte[24]));
    }

    public void Dispose() => _echo.Dispose();

    private byte[] Write()
    {
        var value = new byte[CoapEcho.ValueLength];
        _echo.Write(Peer, Then, value);
        return value;
    }

    private CoapEchoStatus Check(byte[] value, byte[] peer, TimeSpan now) => _echo.Check(Options(value), peer, now, MaxAge);

    private static CoapOptions Options(byte[]? value)
    {
        var buffer = new byte[100];
        var writer = new CoapMessageWriter(buffer);
        writer.WriteHeader(CoapType.Confirmable, CoapCode.Post, 1, default);
        if (value is not null)
        {
            writer.WriteOption(CoapOptionNumber.Echo, value);
        }

        Assert.True(writer.TryComplete(out int length));
        Assert.Equal(CoapReadStatus.Ok, CoapMessageReader.TryRead(buffer.AsSpan(0, length), out CoapMessageReader message));
        return message.Options;
    }
}
