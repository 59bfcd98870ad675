extern alias ota;

using System.Security.Cryptography;
using Flint.Ota;
using Flint.Testing;
using OtaChunk = ota::Flint.Ota.OtaChunk;
using OtaImage = ota::Flint.Ota.OtaImage;
using OtaManifestBuilder = ota::Flint.Ota.OtaManifestBuilder;
using OtaRelease = ota::Flint.Ota.OtaRelease;
using OtaSigner = ota::Flint.Ota.OtaSigner;

namespace Flint.Device.Nano.Tests.Support;

/// <summary>A device with file banks, started: an engine that is given updates without a network, and can be reset.</summary>
internal sealed class FileDevice
{
    private readonly OtaFlash _flash;
    private readonly OtaTrust _trust;

    public FileDevice(OtaFlash flash, OtaTrust? trust = null)
    {
        _flash = flash;
        _trust = trust ?? new DeviceTrust([DeviceKeys.Read(Key, RsaPublicKey.UsageSignature)]);
        Reboot();
    }

    public static RSA Key { get; } = TunnelFixture.Key("signing");

    public OtaEngine Engine { get; private set; } = null!;

    public void Reboot()
    {
        Engine = new OtaEngine(_flash, OtaLayout.Divide(_flash, factory: false), _trust, new NanoBoot(), new OtaOptions("nano"u8.ToArray()));
        Engine.Start();
    }

    /// <summary>Offers a release and follows it to the end of its trial.</summary>
    /// <returns>Whether it is confirmed now.</returns>
    public bool Update(FileRelease release, Action? reset = null)
    {
        if (Engine.Boot.Bank < 0)
        {
            return false;
        }

        if (Engine.State == OtaState.Trial)
        {
            Engine.Confirm();
        }

        Engine.Offer(release.Source.Envelope.ToArray(), 0, release.Source.Envelope.Length);
        var request = new OtaRequest();
        byte[] frame = new byte[OtaManifest.MinBlockSize + 10];
        for (int i = 0; i < 100 && Engine.State == OtaState.Downloading; i++)
        {
            if (!Engine.TryGetRequest(request))
            {
                Engine.ForgetRequests();
                continue;
            }

            OtaChunk.TryWrite(release.Source, request.Artifact, request.Offset, request.Length, frame, out int written);
            Engine.OnChunk(frame, 0, written);
        }

        Engine.Arm();
        reset?.Invoke();
        Reboot();
        if (Engine.State == OtaState.Trial)
        {
            Engine.Confirm();
        }

        return Engine.State == OtaState.Idle && Engine.Boot.Sequence == release.Sequence;
    }

    /// <summary>What was started is one of these releases, every byte of it.</summary>
    public void AssertRunsAWholeImage(string what, params FileRelease[] releases)
    {
        Assert.True(Engine.Boot.Bank >= 0, $"{what}: nothing to run");
        FileRelease? release = releases.FirstOrDefault(one => one.Sequence == Engine.Boot.Sequence);
        Assert.True(release is not null, $"{what}: runs {Engine.Boot.Sequence}");
        byte[] image = new byte[Engine.ImageLength(0)];
        Assert.True(Engine.TryReadImage(0, 0, image, 0, image.Length), what);
        Assert.True(image.AsSpan().SequenceEqual(release.Firmware), $"{what}: not a whole image");
    }
}

/// <summary>A release of one component, noise of a length.</summary>
internal sealed class FileRelease
{
    public FileRelease(uint sequence, int length)
    {
        Sequence = sequence;
        Firmware = new byte[length];
        new Random(length).NextBytes(Firmware);
        OtaImage image = OtaImage.Create(Firmware, OtaManifest.MinBlockSize);
        Source = new OtaRelease(OtaSigner.Sign(new OtaManifestBuilder { Product = "nano"u8.ToArray(), Sequence = sequence }.Add(0, "1", image).Build(), FileDevice.Key), image);
    }

    public uint Sequence { get; }

    public byte[] Firmware { get; }

    public OtaRelease Source { get; }
}
