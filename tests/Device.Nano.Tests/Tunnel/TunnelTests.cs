using System.Security.Cryptography;
using Flint.Device.Nano.Tests.Support;

namespace Flint.Device.Nano.Tests.Tunnel;

/// <summary>The device's end against a server written from the specification: hostile servers first, then what works, then what it costs.</summary>
public sealed class TunnelTests
{
    private static readonly RSA EncryptionKey = TunnelFixture.Key("encryption");
    private static readonly RSA SigningKey = TunnelFixture.Key("signing");

    [Fact]
    public void ServerFlight_AnyFlippedBit_EndsWithoutClientAuth()
    {
        byte[] flight = NewPair(out _, out _);
        for (int bit = 0; bit < flight.Length * 8; bit += 3)
        {
            byte[] fresh = NewPair(out DeviceTunnel tunnel, out OracleServer server);
            fresh[bit / 8] ^= (byte)(1 << (bit % 8));

            TunnelEvent happened = tunnel.Give(fresh, 50);

            // A longer length makes the tunnel wait for more; everything else is refused, and nothing of it reaches ClientAuth.
            if (happened == TunnelEvent.Failed)
            {
                Assert.NotEqual(TunnelFailure.None, tunnel.Failure);
                AssertDead(tunnel);
            }
            else
            {
                Assert.Equal(TunnelEvent.None, happened);
                Assert.Equal(0, tunnel.OutputCount);
                Assert.True(tunnel.InputWanted > 0);
            }
        }
    }

    [Fact]
    public void ServerAuth_OfAnotherServer_IsNotAuthenticated()
    {
        byte[] hello = BeginWith(TunnelFixture.Settings(), out DeviceTunnel tunnel);
        var impostor = new OracleServer(1, EncryptionKey, new byte[32], "other"u8.ToArray());

        Assert.Equal(TunnelEvent.Failed, tunnel.Give(impostor.Answer(hello)));
        Assert.Equal((TunnelFailure.ServerNotAuthenticated, TunnelAlert.HandshakeFailed), (tunnel.Failure, tunnel.Alert));
        AssertDead(tunnel);
    }

    [Theory]
    [InlineData(new byte[] { 2, 1, 1, 0, 2, 0 }, 39, TunnelAlert.Malformed)]
    [InlineData(new byte[] { 2, 1, 1, 0, 2, 0 }, 41, TunnelAlert.Malformed)]
    [InlineData(new byte[] { 2, 2, 1, 0, 2, 0 }, 40, TunnelAlert.Unsupported)]
    [InlineData(new byte[] { 2, 1, 2, 0, 2, 0 }, 40, TunnelAlert.Malformed)]
    [InlineData(new byte[] { 2, 1, 1, 1, 2, 0 }, 40, TunnelAlert.Malformed)]
    [InlineData(new byte[] { 2, 1, 1, 0, 0, 255 }, 40, TunnelAlert.Malformed)]
    [InlineData(new byte[] { 2, 1, 1, 0, 64, 2 }, 40, TunnelAlert.Malformed)]
    [InlineData(new byte[] { 3, 1, 1 }, 3, TunnelAlert.UnexpectedMessage)]
    [InlineData(new byte[] { 0x0F, 5, 1 }, 3, TunnelAlert.Malformed)]
    [InlineData(new byte[] { 1 }, 40, TunnelAlert.UnexpectedMessage)]
    [InlineData(new byte[] { 0x13 }, 40, TunnelAlert.UnexpectedMessage)]
    [InlineData(new byte[] { }, 129, TunnelAlert.RecordOverflow)]
    [InlineData(new byte[] { }, 0, TunnelAlert.Malformed)]
    public void ServerHello_WrongInAnyField_IsAnsweredInPlain(byte[] start, int length, TunnelAlert alert)
    {
        BeginWith(TunnelFixture.Settings(), out DeviceTunnel tunnel);
        byte[] body = new byte[length];
        start.CopyTo(body, 0);

        Assert.Equal(TunnelEvent.Failed, tunnel.Give(OracleServer.Frame(body)));
        Assert.Equal(alert, tunnel.Alert);
        Assert.Equal([0, 2, 0x0F, (byte)alert], tunnel.TakeOutput());
        AssertDead(tunnel);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(9)]
    [InlineData(200)]
    public void PlainAlert_FromAnybody_IsAHintAndNotAnswered(byte code)
    {
        BeginWith(TunnelFixture.Settings(), out DeviceTunnel tunnel);

        Assert.Equal(TunnelEvent.Failed, tunnel.Give([0, 2, 0x0F, code]));
        Assert.Equal((TunnelFailure.AlertFromPeer, (TunnelAlert)code, 0), (tunnel.Failure, tunnel.Alert, tunnel.OutputCount));
    }

    [Theory]
    [InlineData(new byte[] { 0x11, 1, 0, 0 }, 36, TunnelAlert.Malformed)]
    [InlineData(new byte[] { 0x11, 0, 0, 1 }, 37, TunnelAlert.Malformed)]
    [InlineData(new byte[] { 0x11, 0, 0, 0 }, 35, TunnelAlert.Malformed)]
    [InlineData(new byte[] { 0x11, 0, 0, 0 }, 37, TunnelAlert.Malformed)]
    [InlineData(new byte[] { 0x11, 0, 0, 0 }, 36, TunnelAlert.HandshakeFailed)]
    [InlineData(new byte[] { 0x13 }, 36, TunnelAlert.UnexpectedMessage)]
    [InlineData(new byte[] { 0x17 }, 1, TunnelAlert.UnexpectedMessage)]
    public void ServerAuth_WrongInAnyField_IsRefused(byte[] start, int length, TunnelAlert alert)
    {
        byte[] flight = NewPair(out DeviceTunnel tunnel, out OracleServer server);
        tunnel.Give(flight[..42]);
        byte[] inner = new byte[length];
        start.CopyTo(inner, 0);

        // The oracle has sealed once under this key; a new record would have sequence 1.
        server.SetServerSequence(0);
        Assert.Equal(TunnelEvent.Failed, tunnel.Give(server.Seal(inner)));
        Assert.Equal(alert, tunnel.Alert);
        Assert.Equal(2 + 2 + 16, tunnel.OutputCount);
        Assert.Equal([0x16, (byte)alert], server.Open(tunnel.TakeOutput()));
        AssertDead(tunnel);
    }

    [Fact]
    public void Accept_RefusalUnderTheHandshakeKey_IsUnderstood()
    {
        byte[] flight = NewPair(out DeviceTunnel tunnel, out OracleServer server);
        tunnel.Give(flight);
        server.Open(tunnel.TakeOutput());

        Assert.Equal(TunnelEvent.Failed, tunnel.Give(server.Refuse(6)));
        Assert.Equal((TunnelFailure.AlertFromPeer, TunnelAlert.AccessDenied, 0), (tunnel.Failure, tunnel.Alert, tunnel.OutputCount));
        AssertDead(tunnel);
    }

    [Theory]
    [InlineData(7, 7)]
    [InlineData(3, 1)]
    [InlineData(17, 1)]
    [InlineData(16, 1)]
    public void Accept_WrongInAnyField_IsMalformed(int at, byte value)
    {
        byte[] inner = new byte[16];
        inner[0] = 0x13;
        inner[5] = 8;
        inner[at - 2] = value;
        ConnectUpToAccept(out DeviceTunnel tunnel, out OracleServer server);

        Assert.Equal(TunnelEvent.Failed, tunnel.Give(server.Seal(inner)));
        Assert.Equal(TunnelAlert.Malformed, tunnel.Alert);
        AssertDead(tunnel);
    }

    [Fact]
    public void Data_BeforeAccept_IsRefused()
    {
        ConnectUpToAccept(out DeviceTunnel tunnel, out OracleServer server);

        Assert.Equal(TunnelEvent.Failed, tunnel.Give(server.Seal([0x17, .. new byte[40]])));
        Assert.Equal(TunnelAlert.UnexpectedMessage, tunnel.Alert);
    }

    [Fact]
    public void Record_ReplayedReorderedOrChanged_EndsTheTunnel()
    {
        foreach (Func<byte[], byte[], byte[]> attack in new Func<byte[], byte[], byte[]>[] { (a, b) => [.. a, .. a], (a, b) => b, (a, b) => [.. a[..^1], (byte)(a[^1] ^ 1)] })
        {
            Connect(out DeviceTunnel tunnel, out OracleServer server);
            byte[] stream = attack(server.Seal([0x17, 1]), server.Seal([0x17, 2]));
            TunnelEvent happened = tunnel.Give(stream);
            happened = happened == TunnelEvent.Data ? tunnel.Give(stream[20..]) : happened;

            Assert.Equal((TunnelEvent.Failed, TunnelFailure.RecordNotOpened, TunnelAlert.RecordFailed), (happened, tunnel.Failure, tunnel.Alert));
        }
    }

    [Fact]
    public void Record_LongerThanMaxRecord_IsRefusedByItsLengthAlone()
    {
        Connect(out DeviceTunnel tunnel, out _);

        Assert.Equal(TunnelEvent.Failed, tunnel.Give([0x02, 0x11]));
        Assert.Equal(TunnelAlert.RecordOverflow, tunnel.Alert);
    }

    [Fact]
    public void Record_OfExactlyMaxRecord_IsTaken()
    {
        Connect(out DeviceTunnel tunnel, out OracleServer server);
        byte[] content = RandomNumberGenerator.GetBytes(511);

        Assert.Equal(TunnelEvent.Data, tunnel.Give(server.Seal([0x17, .. content]), 100));
        Assert.Equal(content, tunnel.Data());
    }

    [Fact]
    public void Floods_OfKeyUpdatesOrEmptyRecords_EndTheTunnel()
    {
        Connect(out DeviceTunnel tunnel, out OracleServer server);
        for (int i = 0; i < 9; i++)
        {
            Assert.Equal(i < 8 ? TunnelEvent.None : TunnelEvent.Failed, tunnel.Give(server.Seal([0x14, 0]), now: i * 1000));
            server.UpdateServerKey();
        }

        Connect(out tunnel, out server);
        for (int i = 0; i < 32; i++)
        {
            Assert.Equal(i < 31 ? TunnelEvent.Data : TunnelEvent.Failed, tunnel.Give(server.Seal([0x17])));
        }

        Assert.Equal((TunnelFailure.Flood, TunnelAlert.UnexpectedMessage), (tunnel.Failure, tunnel.Alert));

        Connect(out tunnel, out server);
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(TunnelEvent.None, tunnel.Give(server.Seal([0x14, 0]), now: i * 8000L));
            server.UpdateServerKey();
        }
    }

    [Fact]
    public void RecordLimits_OfBothDirections_Hold()
    {
        Connect(out DeviceTunnel tunnel, out OracleServer server);
        tunnel.Sealer.Sequence = (1 << 20) - 2;
        Assert.True(tunnel.CanSend(0));
        tunnel.Seal([1]);
        Assert.False(tunnel.CanSend(0));
        Assert.True(tunnel.Maintain(0));
        tunnel.OnSent();
        Assert.True(tunnel.CanSend(0));
        Assert.Equal(0, tunnel.Sealer.Sequence);

        tunnel.Opener.Sequence = 1 << 21;
        server.SetServerSequence(1 << 21);
        Assert.Equal(TunnelEvent.Failed, tunnel.Give(server.Seal([0x17, 1])));
        Assert.Equal((TunnelFailure.RecordLimit, TunnelAlert.RecordOverflow), (tunnel.Failure, tunnel.Alert));
    }

    [Fact]
    public void KeyOfAnHour_IsUpdatedBeforeData()
    {
        Connect(out DeviceTunnel tunnel, out OracleServer server);
        Assert.True(tunnel.CanSend(5));
        Assert.True(tunnel.CanSend(3_600_004));
        Assert.False(tunnel.CanSend(3_600_005));
        Assert.True(tunnel.Maintain(3_600_005));
        Assert.Equal([0x14, 0], server.Open(tunnel.TakeOutput()));
        server.UpdateClientKey();
        Assert.False(tunnel.Maintain(3_600_006));
        Assert.Equal([0x17, 7], server.Open(tunnel.Seal([7], 3_600_006)));
    }

    [Fact]
    public void EndOfStream_WithoutClose_IsTruncation()
    {
        Connect(out DeviceTunnel tunnel, out OracleServer server);
        Assert.Equal(TunnelEvent.Failed, tunnel.OnEndOfStream());
        Assert.Equal((TunnelFailure.Truncated, 0), (tunnel.Failure, tunnel.OutputCount));
        AssertDead(tunnel);

        Connect(out tunnel, out server);
        Assert.Equal(TunnelEvent.Closed, tunnel.Give(server.Seal([0x15, 0])));
        Assert.Equal(0, tunnel.InputWanted);
        Assert.True(tunnel.CanSend(0));
        Assert.Equal(TunnelEvent.Closed, tunnel.OnEndOfStream());
        Assert.True(tunnel.Close());
        Assert.False(tunnel.Close());
        Assert.False(tunnel.CanSend(0));
    }

    [Fact]
    public void Deadline_InAnyState_EndsTheTunnel()
    {
        BeginWith(TunnelFixture.Settings(), out DeviceTunnel tunnel);
        tunnel.OnSent();
        Assert.Equal(TunnelEvent.Failed, tunnel.OnDeadline());
        Assert.Equal([0, 2, 0x0F, 10], tunnel.TakeOutput());
        Assert.Equal(TunnelEvent.Failed, tunnel.OnDeadline());
        Assert.Equal(0, tunnel.OutputCount);
        Assert.Throws<InvalidOperationException>(() => tunnel.Begin(null));
        Assert.Throws<ArgumentOutOfRangeException>(() => tunnel.OnReceived(1, 0));
    }

    [Theory]
    [InlineData(TunnelSuite.RsaOaepCcm, 1)]
    [InlineData(TunnelSuite.RsaOaepCcm, 1000)]
    [InlineData(TunnelSuite.RsaOaepGcm, 13)]
    [InlineData(TunnelSuite.P256RsaPssCcm, 5)]
    [InlineData(TunnelSuite.P256RsaPssGcm, 1000)]
    public void FullHandshake_AnyChunking_ConnectsAndCarriesData(byte suite, int chunk)
    {
        OracleServer server = Oracle(suite);
        byte[] hello = BeginWith(TunnelFixture.Settings(suite), out DeviceTunnel tunnel);
        Assert.Equal(TunnelEvent.None, tunnel.Give(server.Answer(hello), chunk));
        byte[] accept = server.Accept(tunnel.TakeOutput(), "device-1"u8.ToArray());
        Assert.Equal(TunnelEvent.Connected, tunnel.Give(accept, chunk));
        for (int size = 0; size <= 500; size += 125)
        {
            byte[] content = RandomNumberGenerator.GetBytes(size);
            Assert.Equal([0x17, .. content], server.Open(tunnel.Seal(content)));
            Assert.Equal(TunnelEvent.Data, tunnel.Give(server.Seal([0x17, .. content]), chunk));
            Assert.Equal(content, tunnel.Data());
        }

        Assert.All(tunnel.Schedule.Secret.Concat(tunnel.Schedule.Resumption).Concat(tunnel.Schedule.Client).Concat(tunnel.Schedule.Server), b => Assert.Equal(0, b));
    }

    [Fact]
    public void Ticket_FromAccept_ResumesAndIsReplaced()
    {
        TunnelTicket? ticket = null;
        byte[] resumptionKey = [];
        for (int i = 0; i < 3; i++)
        {
            OracleServer server = Oracle(1);
            server.Ticket = RandomNumberGenerator.GetBytes(100 + (i * 70));
            TunnelSettings settings = TunnelFixture.Settings();
            var tunnel = new DeviceTunnel(settings, TunnelFixture.Crypto, new SeededEntropy(i));
            tunnel.Begin(ticket);
            byte[] hello = tunnel.TakeOutput();
            Assert.Equal(i == 0 ? 0 : 1, hello[41]);
            Assert.Equal(TunnelEvent.None, tunnel.Give(server.Answer(hello, i == 0 ? null : resumptionKey)));
            Assert.Equal(TunnelEvent.Connected, tunnel.Give(server.Accept(tunnel.TakeOutput(), settings.DeviceId)));
            ticket = tunnel.TakeTicket();
            resumptionKey = server.ResumptionKey;

            Assert.Equal(server.Ticket, ticket!.Ticket);
            Assert.Equal(resumptionKey, ticket.ResumptionKey);
            Assert.Equal(60u, ticket.LifetimeSeconds);
            Assert.Null(tunnel.TakeTicket());
            Assert.Equal(0, i == 0 ? 0 : settings.Pins[0].Field.Multiplications);
        }
    }

    [Fact]
    public void Retry_OfAResumption_BecomesAFullHandshakeOnce()
    {
        var ticket = new TunnelTicket(1, RandomNumberGenerator.GetBytes(120), RandomNumberGenerator.GetBytes(32), 60);
        var tunnel = new DeviceTunnel(TunnelFixture.Settings(), TunnelFixture.Crypto, new SeededEntropy());
        OracleServer server = Oracle(1);
        tunnel.Begin(ticket);
        byte[] retry = server.Retry(tunnel.TakeOutput());
        Assert.Equal(TunnelEvent.None, tunnel.Give(retry));
        byte[] hello = tunnel.TakeOutput();
        Assert.Equal(0, hello[41]);

        Assert.Equal(TunnelEvent.None, tunnel.Give(server.Answer(hello)));
        Assert.Equal(TunnelEvent.Connected, tunnel.Give(server.Accept(tunnel.TakeOutput(), "device-1"u8.ToArray())));
        Assert.Null(tunnel.TakeTicket());

        tunnel = new DeviceTunnel(TunnelFixture.Settings(), TunnelFixture.Crypto, new SeededEntropy());
        tunnel.Begin(ticket);
        tunnel.Give(retry);
        Assert.Equal(TunnelEvent.Failed, tunnel.Give(retry));
        Assert.Equal(TunnelAlert.UnexpectedMessage, tunnel.Alert);
    }

    [Theory]
    [InlineData(new byte[] { 3, 1, 2 }, TunnelAlert.Malformed)]
    [InlineData(new byte[] { 3, 2, 1 }, TunnelAlert.Unsupported)]
    [InlineData(new byte[] { 3, 1 }, TunnelAlert.Malformed)]
    [InlineData(new byte[] { 3, 1, 1, 0 }, TunnelAlert.Malformed)]
    public void Retry_Malformed_IsRefused(byte[] body, TunnelAlert alert)
    {
        var tunnel = new DeviceTunnel(TunnelFixture.Settings(), TunnelFixture.Crypto, new SeededEntropy());
        tunnel.Begin(new TunnelTicket(1, [1], new byte[32], 60));

        Assert.Equal(TunnelEvent.Failed, tunnel.Give(OracleServer.Frame(body)));
        Assert.Equal(alert, tunnel.Alert);
    }

    /// <summary>With a ticket as long as a server may give, and the least buffer for records.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Ticket_InS2_ResumesWithAndWithoutAnExchange(bool exchanges)
    {
        TunnelSettings settings = TunnelFixture.Settings(TunnelSuite.P256RsaPssCcm);
        settings.ResumeWithExchange = exchanges;
        settings.MaxRecord = 256;
        byte[] resumptionKey = RandomNumberGenerator.GetBytes(32);
        OracleServer server = Oracle(TunnelSuite.P256RsaPssCcm);
        var tunnel = new DeviceTunnel(settings, TunnelFixture.Crypto, new SeededEntropy());
        tunnel.Begin(new TunnelTicket(TunnelSuite.P256RsaPssCcm, RandomNumberGenerator.GetBytes(256), resumptionKey, 60));
        byte[] hello = tunnel.TakeOutput();
        Assert.Equal(exchanges ? 2 : 1, hello[41]);

        Assert.Equal(TunnelEvent.None, tunnel.Give(server.Answer(hello, resumptionKey)));
        Assert.Equal(TunnelEvent.Connected, tunnel.Give(server.Accept(tunnel.TakeOutput(), settings.DeviceId)));
    }

    [Fact]
    public void Signature_OfAnotherKey_IsNotAuthenticated()
    {
        using var other = RSA.Create(2048);
        TunnelSettings settings = TunnelFixture.Settings(TunnelSuite.P256RsaPssCcm);
        byte[] hello = BeginWith(settings, out DeviceTunnel tunnel);
        var impostor = new OracleServer(TunnelSuite.P256RsaPssCcm, SigningKey, new byte[32], "test"u8.ToArray()) { SigningKey = other };

        Assert.Equal(TunnelEvent.Failed, tunnel.Give(impostor.Answer(hello)));
        Assert.Equal((TunnelFailure.ServerNotAuthenticated, TunnelAlert.HandshakeFailed), (tunnel.Failure, tunnel.Alert));
        AssertDead(tunnel);
    }

    [Fact]
    public void ServerShare_ThatIsNoPoint_IsRefused()
    {
        BeginWith(TunnelFixture.Settings(TunnelSuite.P256RsaPssCcm), out DeviceTunnel tunnel);
        byte[] body = [2, 1, 3, 0, 2, 0, .. new byte[32], 0, 65, 4, .. new byte[64]];

        Assert.Equal(TunnelEvent.Failed, tunnel.Give(OracleServer.Frame(body)));
        Assert.Equal(TunnelAlert.HandshakeFailed, tunnel.Alert);
        AssertDead(tunnel);
    }

    /// <summary>Of the next key as well, where it is a longer one: unknown_key, which anybody can say, must lead to no pin that cannot be used.</summary>
    [Theory]
    [InlineData(2048)]
    [InlineData(3072)]
    public void Pin_TheSecond_CanBeUsedInstead(int bits)
    {
        using var next = RSA.Create(bits);
        TunnelSettings settings = TunnelFixture.Settings();
        settings.MaxRecord = 256;
        settings.Pins = [settings.Pins[0], DeviceKeys.Read(next, 1)];
        var tunnel = new DeviceTunnel(settings, TunnelFixture.Crypto, new SeededEntropy());
        tunnel.UsePin(1);
        tunnel.Begin(null);
        var server = new OracleServer(TunnelSuite.RsaOaepCcm, next, settings.PskMix, settings.Context);

        Assert.Equal(TunnelEvent.None, tunnel.Give(server.Answer(tunnel.TakeOutput())));
        Assert.Equal(TunnelEvent.Connected, tunnel.Give(server.Accept(tunnel.TakeOutput(), settings.DeviceId)));
        Assert.Throws<InvalidOperationException>(() => tunnel.UsePin(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => tunnel.UsePin(2));
    }

    [Fact]
    public void Settings_OutsideTheirLimits_AreTheCallersBug()
    {
        Action<TunnelSettings>[] mistakes =
        [
            s => s.Suite = 2, s => s.Suite = 9, s => s.DeviceId = [], s => s.DeviceId = new byte[65], s => s.PskMix = new byte[31], s => s.Context = new byte[33],
            s => s.MaxRecord = 255, s => s.MaxRecord = 16386, s => s.Pins = [], s => s.Pins = [s.Pins[0], s.Pins[0], s.Pins[0], s.Pins[0], s.Pins[0]],
            s => s.Pins = [DeviceKeys.Read(EncryptionKey, RsaPublicKey.UsageSignature)],
        ];
        Assert.All(mistakes, mistake =>
        {
            TunnelSettings settings = TunnelFixture.Settings();
            mistake(settings);
            Assert.Throws<ArgumentException>(() => new DeviceTunnel(settings, TunnelFixture.Crypto, new SeededEntropy()));
        });
    }

    [Fact]
    public void Records_BehindTheHandshake_AllocateNothing()
    {
        Connect(out DeviceTunnel tunnel, out OracleServer server);
        byte[][] frames = [.. Enumerable.Range(0, 20).Select(_ => server.Seal([0x17, .. new byte[200]]))];
        Exchange(frames[0]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 1; i < frames.Length; i++)
        {
            Exchange(frames[i]);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Exchange(byte[] frame)
        {
            while (tunnel.InputOffset < frame.Length)
            {
                int count = tunnel.InputWanted;
                Array.Copy(frame, tunnel.InputOffset, tunnel.Input, tunnel.InputOffset, count);
                if (tunnel.OnReceived(count, 0) == TunnelEvent.Data)
                {
                    break;
                }
            }

            tunnel.SealData(DeviceTunnel.ContentOffset, 200, 0);
            tunnel.OnSent();
        }
    }

    private static OracleServer Oracle(byte suite) =>
        new(suite, TunnelSuite.IsEphemeral(suite) ? SigningKey : EncryptionKey, TunnelPsk.Mix(TunnelFixture.Crypto, TunnelFixture.Psk), "test"u8.ToArray());

    private static byte[] BeginWith(TunnelSettings settings, out DeviceTunnel tunnel)
    {
        tunnel = new DeviceTunnel(settings, TunnelFixture.Crypto, new SeededEntropy());
        tunnel.Begin(null);
        return tunnel.TakeOutput();
    }

    private static byte[] NewPair(out DeviceTunnel tunnel, out OracleServer server)
    {
        server = Oracle(1);
        tunnel = new DeviceTunnel(TunnelFixture.Settings(), TunnelFixture.Crypto, new SeededEntropy());
        tunnel.UsePrepared(PreparedSeed, PreparedKem);
        tunnel.Begin(null);
        return server.Answer(tunnel.TakeOutput());
    }

    private static void ConnectUpToAccept(out DeviceTunnel tunnel, out OracleServer server)
    {
        byte[] flight = NewPair(out tunnel, out server);
        Assert.Equal(TunnelEvent.None, tunnel.Give(flight));
        server.Accept(tunnel.TakeOutput(), "device-1"u8.ToArray());
        server.SetServerSequence(0);
    }

    private static void Connect(out DeviceTunnel tunnel, out OracleServer server)
    {
        byte[] flight = NewPair(out tunnel, out server);
        Assert.Equal(TunnelEvent.None, tunnel.Give(flight));
        Assert.Equal(TunnelEvent.Connected, tunnel.Give(server.Accept(tunnel.TakeOutput(), "device-1"u8.ToArray())));
    }

    private static void AssertDead(DeviceTunnel tunnel)
    {
        Assert.False(tunnel.IsConnected);
        Assert.Equal(0, tunnel.InputWanted);
        Assert.False(tunnel.CanSend(0));
        Assert.False(tunnel.Close());
        Assert.All(tunnel.Schedule.Secret.Concat(tunnel.Schedule.Client).Concat(tunnel.Schedule.Server).Concat(tunnel.Schedule.Resumption), b => Assert.Equal(0, b));
    }

    private static readonly byte[] PreparedSeed = new byte[32];
    private static readonly byte[] PreparedKem = EncryptionKey.Encrypt(PreparedSeed, RSAEncryptionPadding.OaepSHA256);
}
