using System.Text.Json;

namespace Flint.Quickstart;

/// <summary>What a device carries from the factory: who it is, its secret, whom it trusts for what. On a microcontroller this stands in flash.</summary>
/// <param name="DeviceId">The identity that the tunnel authenticates.</param>
/// <param name="Psk">32 random bytes, this device's alone.</param>
/// <param name="ServerPin">The server's public encryption key, PEM: the tunnel's pin.</param>
/// <param name="ReleaseKey">The public key that signs manifests, PEM. Not the server's.</param>
/// <param name="Product">16 bytes that name the product.</param>
/// <param name="FlashSize">Bytes of the device's flash.</param>
/// <param name="Temperature">What its sensor reads.</param>
internal sealed record DeviceSettings(string DeviceId, byte[] Psk, string ServerPin, string ReleaseKey, byte[] Product, int FlashSize, string Temperature)
{
    public const string FileName = "device.json";
    public const string WrongPinFileName = "device-wrong-pin.json";
    public const string WrongPskFileName = "device-wrong-psk.json";
    public const string FlashFileName = "flash.bin";

    /// <summary>What both ends mix into the handshake, so that a key used for another purpose opens nothing here.</summary>
    public static ReadOnlySpan<byte> ApplicationContext => "flint/quickstart/1"u8;

    public static DeviceSettings Load(string folder, string fileName) =>
        JsonSerializer.Deserialize<DeviceSettings>(File.ReadAllBytes(Path.Combine(folder, "device", fileName)))
        ?? throw new InvalidDataException($"{fileName} is empty.");

    public void Save(string folder, string fileName) =>
        File.WriteAllBytes(Path.Combine(folder, "device", fileName), JsonSerializer.SerializeToUtf8Bytes(this));
}
