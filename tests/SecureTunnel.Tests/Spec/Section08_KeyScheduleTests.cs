using System.Security.Cryptography;

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
    public void FullHandshake_StartsWhereARpskOfZerosWould()
    {
        using var full = new KeySchedule(SystemCrypto.Instance);
        using var general = new KeySchedule(SystemCrypto.Instance);
        byte[] kemSecret = RandomNumberGenerator.GetBytes(32);
        full.SetEarly(new byte[32]); // a resumption that came to nothing
        full.SetEarly();
        general.SetEarly();
        general.SetEarly(KeySchedule.Zero);
        Assert.Equal(general.EarlySecret, full.EarlySecret);
        full.SetHandshake(kemSecret, new byte[32]);
        general.SetHandshake(kemSecret, new byte[32]);
        Assert.Equal(general.HandshakeSecret, full.HandshakeSecret);
        Assert.Equal(general.ServerHandshake, full.ServerHandshake);
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
    public void Agreement_OnAPointWithAZeroX_IsRefused() // [ST-405]
    {
        using var key = new PlatformEphemeralKey(ECDiffieHellman.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            D = Convert.FromHexString("0a0d622a47e48f6bc1038ace438c6f528aa00ad2bd1da5f13ee46bf5f633d71a"),
        }));
        byte[] share = Convert.FromHexString("0458fd4168a87795603e2b04390285bdca6e57de6027fe211dd9d25e2212d29e62080d36bd224d7405509295eed02a17150e03b314f96da37445b0d1d29377d12c");
        Assert.False(key.TryAgree(share, new byte[32]));
        share[64] ^= 1;
        Assert.False(key.TryAgree(share, new byte[32]));
        Assert.False(key.TryAgree(share.AsSpan(0, 64), new byte[32]));
    }

    private static bool IsZero(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyExcept((byte)0) < 0;

    [Fact]
    public void Hmac_OfAnyLengths_IsThePlatforms() // [ST-402]
    {
        byte[] bytes = [.. Enumerable.Range(0, 300).Select(i => (byte)((i * 7) & 0xFF))];
        byte[] actual = new byte[32];
        for (int key = 0; key <= 140; key++)
        {
            for (int data = 0; data < 300; data += key is 32 or 64 or 65 ? 1 : 37)
            {
                SystemCrypto.Instance.Hmac(bytes.AsSpan(0, key), bytes.AsSpan(0, data), actual);
                Assert.Equal(HMACSHA256.HashData(bytes.AsSpan(0, key), bytes.AsSpan(0, data)), actual);
            }
        }
    }
}
