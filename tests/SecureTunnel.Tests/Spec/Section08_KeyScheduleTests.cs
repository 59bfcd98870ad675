using Flint.SecureTunnel.Tests.Support;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Section 8: what is erased when, and the seam's own promises.</summary>
public sealed class Section08_KeyScheduleTests
{
    [Fact]
    public void Secrets_AreErasedByTheStepThatLastNeedsThem() // [ST-403]
    {
        using var schedule = new KeySchedule(SystemCrypto.Instance);
        schedule.SetEarly(KeySchedule.Zero);
        Assert.False(IsZero(schedule.EarlySecret));
        schedule.SetHandshake(new byte[32], new byte[32]);
        Assert.True(IsZero(schedule.EarlySecret));
        Assert.False(IsZero(schedule.HandshakeSecret) || IsZero(schedule.ClientHandshake) || IsZero(schedule.ServerHandshake));
        schedule.SetMaster(new byte[32]);
        Assert.True(IsZero(schedule.HandshakeSecret) && IsZero(schedule.ClientHandshake) && IsZero(schedule.ServerHandshake));
        Assert.False(IsZero(schedule.Master));
        schedule.SetApplication(new byte[32]);
        Assert.True(IsZero(schedule.Master));
        Assert.False(IsZero(schedule.ClientApplication) || IsZero(schedule.ServerApplication) || IsZero(schedule.Exporter) || IsZero(schedule.Resumption));
        ReadOnlySpan<byte> clientApplication = schedule.ClientApplication;
        ReadOnlySpan<byte> serverApplication = schedule.ServerApplication;
        ReadOnlySpan<byte> exporter = schedule.Exporter;
        ReadOnlySpan<byte> resumption = schedule.Resumption;
        schedule.Dispose();
        Assert.True(IsZero(clientApplication) && IsZero(serverApplication) && IsZero(exporter) && IsZero(resumption));
    }

    [Fact]
    public void Secret_Disposed_IsZero() // [ST-403]
    {
        var secret = new Secret([1, 2, 3]);
        Span<byte> bytes = secret.Span;
        secret.Dispose();
        Assert.Equal(new byte[3], bytes.ToArray());
    }

    [Fact]
    public void TrafficKey_AfterAnUpdate_OpensNothingOfTheOldKey() // [ST-319] [ST-403]
    {
        using var sealer = new RecordSealer(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, new byte[32]);
        using var opener = new RecordOpener(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, new byte[32], 1024);
        byte[] frame = new byte[1 + RecordSealer.Overhead];
        sealer.Seal(MessageType.Data, [7], frame);
        opener.Update();
        Assert.Equal(0UL, opener.Sequence);
        Assert.Equal(OpenStatus.NotOpened, opener.TryOpen(frame, out _, out _));
    }

    [Fact]
    public void AllZeroX_IsNoSecret() // [ST-405]
    {
        using var machines = new Machines(TestKeys.ClientOptions(suite: SecureTunnelSuite.P256RsaPssAes128Gcm), crypto: new ZeroAgreement());
        byte[] alert = Assert.Single(machines.ToServer(machines.Begin()));
        Assert.Equal([0, 2, 0x0F, (byte)SecureTunnelAlert.HandshakeFailed], alert);
    }

    private static bool IsZero(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyExcept((byte)0) < 0;

    private sealed class ZeroAgreement : ForwardingCrypto
    {
        public override EphemeralKey GenerateEphemeral() => new Key(base.GenerateEphemeral());

        private sealed class Key(EphemeralKey inner) : EphemeralKey
        {
            public override void WriteShare(Span<byte> destination) => inner.WriteShare(destination);

            public override bool TryAgree(ReadOnlySpan<byte> peerShare, Span<byte> secret) => false;

            public override void Dispose() => inner.Dispose();
        }
    }
}
