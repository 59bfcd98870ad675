using Flint.SecureTunnel.Tests.Support;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Section 4: each option at its last good value and at its first bad one; the message names the option and the rule.</summary>
public sealed class Section04_OptionRuleTests
{
    public static TheoryData<string, string> Limits => new()
    {
        { "ApplicationContext 32", string.Empty },
        { "ApplicationContext 33", "ApplicationContext: at most 32 bytes." },
        { "MaxRecord 256", string.Empty },
        { "MaxRecord 255", "MaxRecord: 256 to 16385." },
        { "MaxRecord 16385", string.Empty },
        { "MaxRecord 16386", "MaxRecord: 256 to 16385." },
        { "PaddingBlock 0", string.Empty },
        { "PaddingBlock -1", "PaddingBlock: 0 to 4096." },
        { "PaddingBlock 4096", string.Empty },
        { "PaddingBlock 4097", "PaddingBlock: 0 to 4096." },
        { "SendBuffer 0", string.Empty },
        { "SendBuffer -1", "SendBuffer: 0 to 1048576." },
        { "SendBuffer 1048576", string.Empty },
        { "SendBuffer 1048577", "SendBuffer: 0 to 1048576." },
        { "TimeProvider none", "TimeProvider: a time provider is required." },
        { "Timeout 1", string.Empty },
        { "Timeout 0", "{0}: more than zero, at most an hour." },
        { "Timeout 36000000000", string.Empty },
        { "Timeout 36000000001", "{0}: more than zero, at most an hour." },
    };

    [Theory]
    [MemberData(nameof(Limits))]
    public void ServerOption_AtItsLimit_IsTakenOrRefusedByName(string what, string refusal) // [ST-109] [ST-303]
    {
        foreach (string timeout in what.StartsWith("Timeout", StringComparison.Ordinal) ? new[] { "HelloTimeout", "ClientAuthTimeout", "SlowClientAuthTimeout" } : ["none"])
        {
            Holds(string.Format(System.Globalization.CultureInfo.InvariantCulture, refusal, timeout), Server(what, timeout).Validate);
        }
    }

    [Theory]
    [MemberData(nameof(Limits))]
    public void ClientOption_AtItsLimit_IsTakenOrRefusedByName(string what, string refusal) => // [ST-109] [ST-303]
        Holds(string.Format(System.Globalization.CultureInfo.InvariantCulture, refusal, "HandshakeTimeout"), Client(what).Validate);

    [Fact]
    public void ServerOptions_ThatLackSomething_SayWhat() // [ST-103] [ST-108]
    {
        SecureTunnelServerKey key = TestKeys.Encryption;
        IDeviceStore devices = TestKeys.Devices;
        Holds("Devices: a device store is required.", new SecureTunnelServerOptions { Keys = [key] }.Validate);
        Holds("Keys: at least one key is required.", new SecureTunnelServerOptions { Devices = devices }.Validate);
        Holds("Keys: at least one key is required.", new SecureTunnelServerOptions { Devices = devices, Keys = null! }.Validate);
        Holds("Suites: at least one suite is required.", new SecureTunnelServerOptions { Devices = devices, Keys = [key], Suites = [] }.Validate);
        Holds("Suites: at least one suite is required.", new SecureTunnelServerOptions { Devices = devices, Keys = [key], Suites = null! }.Validate);
        Holds("Suites: suite 9 is not one of this version.", new SecureTunnelServerOptions { Devices = devices, Keys = [key], Suites = [(SecureTunnelSuite)9] }.Validate);
        Holds(
            "Suites: suite P256RsaPssAes128Gcm needs a key for Signing.",
            new SecureTunnelServerOptions { Devices = devices, Keys = [key], Suites = [SecureTunnelSuite.P256RsaPssAes128Gcm] }.Validate);
        Holds("KeyGate: a gate is required.", new SecureTunnelServerOptions { Devices = devices, Keys = [key], KeyGate = null! }.Validate);
        Holds("Keys: two keys share a key_id.", new SecureTunnelServerOptions { Devices = devices, Keys = [key, TestKeys.Foreign, key] }.Validate);
        Holds(string.Empty, new SecureTunnelServerOptions { Devices = devices, Keys = [key, TestKeys.Foreign, TestKeys.Signing] }.Validate);
    }

    [Fact]
    public void ClientOptions_ThatLackSomething_SayWhat() // [ST-103]
    {
        var pins = new SecureTunnelPinSet(TestKeys.Encryption.ToPin());
        SecureTunnelCredential psk = SecureTunnelCredential.FromPsk(TestKeys.Psk);
        SecureTunnelDeviceId id = TestKeys.DeviceId;
        Holds("Suite: suite None is not one of this version.", new SecureTunnelClientOptions { Pins = pins, DeviceId = id, Credential = psk, Suite = SecureTunnelSuite.None }.Validate);
        Holds("Pins: at least one pin is required.", new SecureTunnelClientOptions { DeviceId = id, Credential = psk }.Validate);
        Holds(
            "Pins: suite P256RsaPssAes128Ccm needs a pin for Signing.",
            new SecureTunnelClientOptions { Pins = pins, DeviceId = id, Credential = psk, Suite = SecureTunnelSuite.P256RsaPssAes128Ccm }.Validate);
        Holds("DeviceId: a device identity is required.", new SecureTunnelClientOptions { Pins = pins, Credential = psk }.Validate);
        Holds("Credential: a credential is required.", new SecureTunnelClientOptions { Pins = pins, DeviceId = id }.Validate);
    }

    [Fact]
    public async Task Sides_GivenNothingOrOptionsThatDoNotValidate_SayWhich()
    {
        var pair = new PipePair();
        SecureTunnelServerOptions server = TestKeys.ServerOptions();
        SecureTunnelClientOptions client = TestKeys.ClientOptions();
        await Names("transport", () => SecureTunnelServer.AcceptAsync(null!, server));
        await Names("options", () => SecureTunnelServer.AcceptAsync(pair.Server, null!));
        await Names("Devices", () => SecureTunnelServer.AcceptAsync(pair.Server, new SecureTunnelServerOptions()));
        await Names("transport", () => SecureTunnelClient.ConnectAsync(null!, client));
        await Names("options", () => SecureTunnelClient.ConnectAsync(pair.Client, null!));
        await Names("Pins", () => SecureTunnelClient.ConnectAsync(pair.Client, new SecureTunnelClientOptions()));
        Assert.False(pair.Client.Input.TryRead(out _)); // nothing was begun
    }

    private static async Task Names(string name, Func<ValueTask<SecureTunnelConnection>> call) =>
        Assert.Equal(name, (await Assert.ThrowsAnyAsync<ArgumentException>(() => call().AsTask())).ParamName);

    private static void Holds(string refusal, Action validate)
    {
        if (refusal.Length == 0)
        {
            validate();
            return;
        }

        ArgumentException e = Assert.Throws<ArgumentException>(validate);
        string name = refusal[..refusal.IndexOf(':', StringComparison.Ordinal)];
        Assert.Equal(name, e.ParamName);
        Assert.Equal($"{refusal} (Parameter '{name}')", e.Message);
    }

    private static SecureTunnelServerOptions Server(string what, string timeout)
    {
        (string option, long value) = Split(what);
        TimeSpan Timeout(string name) => option == "Timeout" && name == timeout ? TimeSpan.FromTicks(value) : TimeSpan.FromSeconds(10);
        return new SecureTunnelServerOptions
        {
            Keys = [TestKeys.Encryption],
            Devices = TestKeys.Devices,
            ApplicationContext = option == "ApplicationContext" ? new byte[value] : default(ReadOnlyMemory<byte>),
            MaxRecord = option == "MaxRecord" ? (int)value : 4096,
            PaddingBlock = option == "PaddingBlock" ? (int)value : 0,
            SendBuffer = option == "SendBuffer" ? (int)value : 65536,
            TimeProvider = option == "TimeProvider" ? null! : TimeProvider.System,
            HelloTimeout = Timeout("HelloTimeout"),
            ClientAuthTimeout = Timeout("ClientAuthTimeout"),
            SlowClientAuthTimeout = Timeout("SlowClientAuthTimeout"),
        };
    }

    private static SecureTunnelClientOptions Client(string what)
    {
        (string option, long value) = Split(what);
        return new SecureTunnelClientOptions
        {
            Pins = new SecureTunnelPinSet(TestKeys.Encryption.ToPin()),
            DeviceId = TestKeys.DeviceId,
            Credential = SecureTunnelCredential.FromPsk(TestKeys.Psk),
            ApplicationContext = option == "ApplicationContext" ? new byte[value] : default(ReadOnlyMemory<byte>),
            MaxRecord = option == "MaxRecord" ? (int)value : 4096,
            PaddingBlock = option == "PaddingBlock" ? (int)value : 0,
            SendBuffer = option == "SendBuffer" ? (int)value : 65536,
            TimeProvider = option == "TimeProvider" ? null! : TimeProvider.System,
            HandshakeTimeout = option == "Timeout" ? TimeSpan.FromTicks(value) : TimeSpan.FromSeconds(10),
        };
    }

    private static (string Option, long Value) Split(string what) =>
        what.Split(' ') is [var option, var value] && long.TryParse(value, System.Globalization.CultureInfo.InvariantCulture, out long number) ? (option, number) : (what.Split(' ')[0], 0);
}
