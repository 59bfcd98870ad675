using System.Security.Cryptography;
using Flint.Ota;

namespace Flint.Quickstart;

/// <summary>The device's flash, a file that behaves like NOR flash, how it is divided, and the key whose signatures count.</summary>
internal sealed class DeviceFlash : IDisposable
{
    public const int BlockLength = 4096;

    private readonly FileFlash _flash;
    private readonly OtaTrustStore _trust;

    private DeviceFlash(FileFlash flash, OtaTrustStore trust)
    {
        _flash = flash;
        _trust = trust;
        Layout = OtaLayout.Divide(flash, factory: false);
    }

    public OtaFlash Flash => _flash;

    public OtaTrust Trust => _trust;

    public OtaLayout Layout { get; }

    public static DeviceFlash Open(string folder, DeviceSettings settings)
    {
        using RSA releaseKey = RSA.Create();
        releaseKey.ImportFromPem(settings.ReleaseKey);
        var trust = new OtaTrustStore();
        trust.Add(releaseKey);
        string path = Path.Combine(folder, "device", DeviceSettings.FlashFileName);
        return new DeviceFlash(FileFlash.Open(path, new FileFlashGeometry(settings.FlashSize, BlockLength, WriteUnit: 8)), trust);
    }

    public void Dispose()
    {
        _flash.Dispose();
        _trust.Dispose();
    }
}
