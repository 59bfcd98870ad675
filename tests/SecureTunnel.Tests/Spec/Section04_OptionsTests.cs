using System.Security.Cryptography;
using Flint.SecureTunnel.Tests.Support;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Sections 3 and 4: what may be configured, wrong configurations first.</summary>
public sealed class Section04_OptionsTests
{
    [Theory]
    [InlineData(1024)]
    [InlineData(4104)]
    public void Pin_OfAnUnsuitableKey_IsRefused(int bits) // [ST-102]
    {
        byte[] modulus = new byte[bits / 8];
        modulus.AsSpan().Fill(0xA5);
        using RSA key = RSA.Create(new RSAParameters { Modulus = modulus, Exponent = [1, 0, 1] });
        byte[] spki = key.ExportSubjectPublicKeyInfo();
        Assert.Throws<CryptographicException>(() => SecureTunnelPin.FromSpki(spki, SecureTunnelKeyUsage.Encryption));
        Assert.Throws<CryptographicException>(() => new SecureTunnelServerKey(key, SecureTunnelKeyUsage.Encryption));
    }

    [Fact]
    public void Pin_WithAnotherExponent_IsRefused() // [ST-102]
    {
        RSAParameters parameters = TestKeys.Encryption.PrivateKey.ExportParameters(false);
        parameters.Exponent = [3];
        using RSA key = RSA.Create(parameters);
        byte[] spki = key.ExportSubjectPublicKeyInfo();
        Assert.Throws<CryptographicException>(() => SecureTunnelPin.FromSpki(spki, SecureTunnelKeyUsage.Encryption));
    }

    [Fact]
    public void Pin_WithBytesBehindIt_IsRefused()
    {
        byte[] spki = [.. TestKeys.Encryption.ExportSpki(), 0];
        Assert.Throws<CryptographicException>(() => SecureTunnelPin.FromSpki(spki, SecureTunnelKeyUsage.Encryption));
    }

    [Fact]
    public void Pin_FromPem_IsTheSame()
    {
        string pem = TestKeys.Encryption.PrivateKey.ExportSubjectPublicKeyInfoPem();
        Assert.Equal(TestKeys.Encryption.KeyHash, SecureTunnelPin.FromPem(pem, SecureTunnelKeyUsage.Encryption).KeyHash);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65)]
    public void DeviceId_OfAnotherLength_IsRefused(int length) => // [ST-104]
        Assert.Throws<ArgumentException>(() => new SecureTunnelDeviceId(new byte[length]));

    [Fact]
    public void DeviceId_AsText_IsSafeToLog()
    {
        Assert.Equal("sensor-17", new SecureTunnelDeviceId("sensor-17").ToString());
        Assert.Equal("0x610a62", new SecureTunnelDeviceId([0x61, 0x0A, 0x62]).ToString());
        Assert.Equal(new SecureTunnelDeviceId("a"), new SecureTunnelDeviceId([0x61]));
        Assert.True(new SecureTunnelDeviceId("a") != new SecureTunnelDeviceId("b"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void Psk_OfAnotherLength_IsRefused(int length) // [ST-105]
    {
        Assert.Throws<ArgumentException>(() => SecureTunnelCredential.FromPsk(new byte[length]));
        Assert.Throws<ArgumentException>(() => SecureTunnelDevice.FromPsk(new byte[length]));
    }

    [Fact]
    public void PinSet_OfNoneFiveOrTheSameTwice_IsRefused() // [ST-106]
    {
        SecureTunnelPin pin = TestKeys.Encryption.ToPin();
        Assert.Throws<ArgumentException>(() => new SecureTunnelPinSet());
        Assert.Throws<ArgumentException>(() => new SecureTunnelPinSet(pin, pin));
        SecureTunnelPin[] five = [pin, TestKeys.Foreign.ToPin(), pin, pin, pin];
        Assert.Throws<ArgumentException>(() => new SecureTunnelPinSet(five));
    }

    [Fact]
    public void PinSet_OfTwoUsages_IsRefused() => // [ST-103] [ST-106]
        Assert.Throws<ArgumentException>(() => new SecureTunnelPinSet(TestKeys.Encryption.ToPin(), TestKeys.Signing.ToPin()));

    [Fact]
    public void PinSet_AfterUnknownKey_GoesRoundItsPins() // [ST-310]
    {
        var pins = new SecureTunnelPinSet(TestKeys.Encryption.ToPin(), TestKeys.Foreign.ToPin());
        SecureTunnelPin first = pins.Current;
        pins.OnUnknownKey(first);
        SecureTunnelPin second = pins.Current;
        Assert.NotSame(first, second);
        pins.OnUnknownKey(first); // late news of a pin that is not in use any more
        Assert.Same(second, pins.Current);
        pins.OnUnknownKey(second);
        Assert.Same(first, pins.Current);
    }

    [Fact]
    public void Keys_OfOneUsage_AreNotGivenToTheOther() // [ST-103] [ST-605]
    {
        var options = new SecureTunnelServerOptions { Keys = [TestKeys.Signing], Devices = TestKeys.Store() };
        Assert.Contains("Suites", Assert.Throws<ArgumentException>(options.Validate).Message, StringComparison.Ordinal);
        var device = new SecureTunnelClientOptions
        {
            Pins = new SecureTunnelPinSet(TestKeys.Signing.ToPin()),
            DeviceId = TestKeys.DeviceId,
            Credential = SecureTunnelCredential.FromPsk(TestKeys.Psk),
        };
        Assert.Contains("Pins", Assert.Throws<ArgumentException>(device.Validate).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ServerKeys_WithTheSameKeyId_AreRefused() // [ST-108]
    {
        var options = new SecureTunnelServerOptions { Keys = [TestKeys.Encryption, TestKeys.Encryption], Devices = TestKeys.Store() };
        Assert.Throws<ArgumentException>(options.Validate);
    }

    [Fact]
    public void ServerOptions_MissingOrOutsideTheirRange_AreRefusedByName() // [ST-109] [ST-303]
    {
        Refused("Devices", new SecureTunnelServerOptions { Keys = [TestKeys.Encryption] });
        Refused("Keys", new SecureTunnelServerOptions { Devices = TestKeys.Store() });
        Refused("Suites", new SecureTunnelServerOptions { Devices = TestKeys.Store(), Keys = [TestKeys.Encryption], Suites = [] });
        Refused("Suites", new SecureTunnelServerOptions { Devices = TestKeys.Store(), Keys = [TestKeys.Encryption], Suites = [(SecureTunnelSuite)9] });
        Refused("ApplicationContext", new SecureTunnelServerOptions { Devices = TestKeys.Store(), Keys = [TestKeys.Encryption], ApplicationContext = new byte[33] });
        Refused("MaxRecord", new SecureTunnelServerOptions { Devices = TestKeys.Store(), Keys = [TestKeys.Encryption], MaxRecord = 255 });
        Refused("MaxRecord", new SecureTunnelServerOptions { Devices = TestKeys.Store(), Keys = [TestKeys.Encryption], MaxRecord = 16386 });
        Refused("HelloTimeout", new SecureTunnelServerOptions { Devices = TestKeys.Store(), Keys = [TestKeys.Encryption], HelloTimeout = TimeSpan.Zero });
        Refused("ClientAuthTimeout", new SecureTunnelServerOptions { Devices = TestKeys.Store(), Keys = [TestKeys.Encryption], ClientAuthTimeout = TimeSpan.FromHours(2) });
    }

    [Fact]
    public void ClientOptions_MissingOrOutsideTheirRange_AreRefusedByName()
    {
        var pins = new SecureTunnelPinSet(TestKeys.Encryption.ToPin());
        SecureTunnelCredential psk = SecureTunnelCredential.FromPsk(TestKeys.Psk);
        Refused("Pins", new SecureTunnelClientOptions { DeviceId = TestKeys.DeviceId, Credential = psk });
        Refused("DeviceId", new SecureTunnelClientOptions { Pins = pins, Credential = psk });
        Refused("Credential", new SecureTunnelClientOptions { Pins = pins, DeviceId = TestKeys.DeviceId });
        Refused("Suite", new SecureTunnelClientOptions { Pins = pins, DeviceId = TestKeys.DeviceId, Credential = psk, Suite = SecureTunnelSuite.None });
        Refused("HandshakeTimeout", new SecureTunnelClientOptions { Pins = pins, DeviceId = TestKeys.DeviceId, Credential = psk, HandshakeTimeout = TimeSpan.FromSeconds(-1) });
    }

    private static void Refused(string name, SecureTunnelServerOptions options) => Assert.Equal(name, Assert.Throws<ArgumentException>(options.Validate).ParamName);

    private static void Refused(string name, SecureTunnelClientOptions options) => Assert.Equal(name, Assert.Throws<ArgumentException>(options.Validate).ParamName);
}
