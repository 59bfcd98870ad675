using System.Security.Cryptography;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Support;

/// <summary>Keys and identities that many tests share. The private keys are those of the committed vectors: they protect nothing.</summary>
internal static class TestKeys
{
    private static readonly string EncryptionPem = Pem("encryption");
    private static readonly string SigningPem = Pem("signing");

    public static byte[] Psk { get; } = [.. Enumerable.Range(0xA0, 32).Select(i => (byte)i)];

    public static SecureTunnelDeviceId DeviceId { get; } = new("device-000000001");

    public static SecureTunnelServerKey Encryption { get; } = SecureTunnelServerKey.FromPem(EncryptionPem, SecureTunnelKeyUsage.Encryption);

    public static SecureTunnelServerKey Signing { get; } = SecureTunnelServerKey.FromPem(SigningPem, SecureTunnelKeyUsage.Signing);

    /// <summary>A key that no device pins.</summary>
    public static SecureTunnelServerKey Foreign { get; } = new(RSA.Create(2048), SecureTunnelKeyUsage.Encryption);

    public static SecureTunnelCredential DeviceRsaCredential()
    {
        RSA key = RSA.Create();
        key.ImportFromPem(Pem("device"));
        return SecureTunnelCredential.FromRsa(key);
    }

    public static SecureTunnelDevice DeviceRsaEntry(bool isAllowed = true)
    {
        using RSA key = RSA.Create();
        key.ImportFromPem(Pem("device"));
        return SecureTunnelDevice.FromSpki(key.ExportSubjectPublicKeyInfo(), isAllowed);
    }

    /// <summary>One store for tests that only read.</summary>
    public static InMemoryDeviceStore Devices { get; } = Store();

    public static InMemoryDeviceStore Store()
    {
        var store = new InMemoryDeviceStore();
        store.Set(DeviceId, SecureTunnelDevice.FromPsk(Psk));
        return store;
    }

    public static SecureTunnelServerOptions ServerOptions(
        IDeviceStore? store = null, int maxRecord = 4096, SecureTunnelTicketRing? tickets = null, int paddingBlock = 0, int sendBuffer = 65536, TimeProvider? time = null) => new()
        {
            Keys = [Encryption, Signing],
            Suites = [SecureTunnelSuite.RsaOaepAes128Ccm, SecureTunnelSuite.RsaOaepAes128Gcm, SecureTunnelSuite.P256RsaPssAes128Ccm, SecureTunnelSuite.P256RsaPssAes128Gcm],
            Tickets = tickets,
            PaddingBlock = paddingBlock,
            SendBuffer = sendBuffer,
            TimeProvider = time ?? TimeProvider.System,
            Devices = store ?? Store(),
            ApplicationContext = "test"u8.ToArray(),
            MaxRecord = maxRecord,
        };

    public static SecureTunnelClientOptions ClientOptions(
        byte[]? psk = null, SecureTunnelPin? pin = null, int maxRecord = 1024, SecureTunnelSuite suite = SecureTunnelSuite.RsaOaepAes128Gcm,
        SecureTunnelCredential? credential = null, SecureTunnelTicketSlot? tickets = null, bool ephemeral = true, SecureTunnelDeviceId deviceId = default, int sendBuffer = 65536) => new()
        {
            Suite = suite,
            Pins = new SecureTunnelPinSet(pin ?? (suite.IsEphemeral() ? Signing : Encryption).ToPin()),
            DeviceId = deviceId.IsEmpty ? DeviceId : deviceId,
            Credential = credential ?? SecureTunnelCredential.FromPsk(psk ?? Psk),
            Tickets = tickets,
            ResumeWithEphemeral = ephemeral,
            SendBuffer = sendBuffer,
            ApplicationContext = "test"u8.ToArray(),
            MaxRecord = maxRecord,
        };

    private static string Pem(string name)
    {
        using var keys = VectorFile.Open("tunnel/keys.json");
        return keys.RootElement.GetProperty(name).GetProperty("pkcs8_pem").GetString()!;
    }
}
