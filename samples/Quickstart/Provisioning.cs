using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Flint.Ota;

namespace Flint.Quickstart;

/// <summary>Makes what a factory and a release office make: keys, a device with its secret, signed releases, and a flash with the first firmware in it.</summary>
internal static class Provisioning
{
    public const int MaxFirmware = 16 * 1024 * 1024;

    /// <summary>Behind the firmware of the third release: the self-test finds it and fails, as a real one would find a dead sensor.</summary>
    public static ReadOnlySpan<byte> BrokenDriver => "\nflint-quickstart: the sensor driver does not answer"u8;

    public static async Task<Provisioned> RunAsync(string folder, FlightOptions options, Random random, Action<string> say)
    {
        foreach (string name in new[] { "server", "device", "releases" })
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
        }

        (string oldName, byte[] oldBytes) = await ReadFirmwareAsync(options.OldFile, "clrgc");
        (string newName, byte[] newBytes) = await ReadFirmwareAsync(options.NewFile, "clrgcexp");
        if (oldBytes.AsSpan().SequenceEqual(newBytes))
        {
            throw new FlightException($"{oldName} and {newName} hold the same bytes; an update needs two different files.");
        }

        say($"firmware 1.0.0 is {oldName}, {oldBytes.Length} B; 2.0.0 is {newName}, {newBytes.Length} B");

        using RSA tunnelKey = RSA.Create(2048);
        using RSA wrongTunnelKey = RSA.Create(2048);
        using RSA releaseKey = RSA.Create(2048);
        say("three RSA-2048 keys: the tunnel's, the release office's (it never reaches the server), and a stranger's");

        byte[] id = new byte[6];
        byte[] psk = new byte[32];
        byte[] product = new byte[16];
        random.NextBytes(id);
        if (options.Seed is null)
        {
            RandomNumberGenerator.Fill(psk);
        }
        else
        {
            random.NextBytes(psk);
        }

        random.NextBytes(product);
        string deviceId = Convert.ToHexStringLower(id);
        string temperature = (random.Next(150, 300) / 10.0).ToString("0.0", CultureInfo.InvariantCulture);

        byte[][] firmware = [oldBytes, newBytes, [.. newBytes, .. BrokenDriver], [.. oldBytes, .. Encoding.ASCII.GetBytes($"\nbuild {random.Next()}")]];
        var images = new List<FirmwareImage>();
        for (int i = 0; i < firmware.Length; i++)
        {
            var image = new FirmwareImage($"{i + 1}.0.0", firmware[i].Length, Convert.ToHexStringLower(SHA256.HashData(firmware[i])));
            images.Add(image);
            byte[] payload = new OtaManifestBuilder { Product = product, Sequence = (uint)(i + 1) }.Add(0, image.Version, OtaImage.Create(firmware[i])).Build();
            await File.WriteAllBytesAsync(ReleaseStore.ManifestPath(folder, image.Version), OtaSigner.Sign(payload, releaseKey));
            await File.WriteAllBytesAsync(ReleaseStore.ImagePath(folder, image.Version), firmware[i]);
        }

        var settings = new DeviceSettings(
            deviceId, psk, tunnelKey.ExportSubjectPublicKeyInfoPem(), releaseKey.ExportSubjectPublicKeyInfoPem(), product, FlashSize(firmware), temperature);
        settings.Save(folder, DeviceSettings.FileName);
        (settings with { ServerPin = wrongTunnelKey.ExportSubjectPublicKeyInfoPem() }).Save(folder, DeviceSettings.WrongPinFileName);
        byte[] wrongPsk = [.. psk];
        wrongPsk[random.Next(wrongPsk.Length)] ^= 1;
        (settings with { Psk = wrongPsk }).Save(folder, DeviceSettings.WrongPskFileName);
        new ServerSettings(tunnelKey.ExportPkcs8PrivateKeyPem(), new Dictionary<string, byte[]> { [deviceId] = psk }, [.. images.Select(image => image.Version)]).Save(folder);

        InstallFirst(folder, settings, images[0], oldBytes);
        say($"device {deviceId} with a PSK of its own; {settings.FlashSize / 1024} KiB of flash in two banks, 1.0.0 in the first");
        return new Provisioned(deviceId, temperature, images);
    }

    private static void InstallFirst(string folder, DeviceSettings settings, FirmwareImage image, byte[] bytes)
    {
        using DeviceFlash device = DeviceFlash.Open(folder, settings);
        byte[] envelope = File.ReadAllBytes(ReleaseStore.ManifestPath(folder, image.Version));
        OtaStatus status = new OtaProvisioner(device.Flash, device.Layout, device.Trust).InstallFirst(envelope, new OtaRelease(envelope, OtaImage.Create(bytes)));
        if (status != OtaStatus.Ok)
        {
            throw new FlightException($"The factory could not install the first firmware: {status}.");
        }
    }

    private static async Task<(string Name, byte[] Bytes)> ReadFirmwareAsync(string? file, string runtimeLibrary)
    {
        string path = file ?? RuntimeLibrary(runtimeLibrary);
        var info = new FileInfo(path);
        if (!info.Exists)
        {
            throw new FlightException($"There is no file {path}." + (file is null ? " Name two files of your own with --old and --new." : ""));
        }

        if (info.Length is 0 or > MaxFirmware)
        {
            throw new FlightException($"{path} has {info.Length} bytes; a firmware here has 1 to {MaxFirmware}.");
        }

        return (info.Name, await File.ReadAllBytesAsync(path));
    }

    /// <summary>Two builds of one real program that every .NET 10 installation has: its garbage collector, plain and experimental.</summary>
    private static string RuntimeLibrary(string name)
    {
        string file = OperatingSystem.IsWindows() ? $"{name}.dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";
        return Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), file);
    }

    /// <summary>Two banks for the longest firmware with its block table and manifest, and the blocks of state and journal.</summary>
    private static int FlashSize(byte[][] firmware)
    {
        int longest = firmware.Max(bytes => bytes.Length);
        int bank = longest + longest / 128 + 16 * DeviceFlash.BlockLength;
        return (2 * bank / DeviceFlash.BlockLength + 16) * DeviceFlash.BlockLength;
    }
}
