extern alias ota;

using Flint.Device.Nano.Tests.Support;
using Flint.Ota;
using OtaImage = ota::Flint.Ota.OtaImage;
using OtaManifestBuilder = ota::Flint.Ota.OtaManifestBuilder;
using OtaSigner = ota::Flint.Ota.OtaSigner;

namespace Flint.Device.Nano.Tests.Costs;

/// <summary>The engine on file banks with an update of 48 KiB before it, for <see cref="InstructionCounter"/>.</summary>
internal sealed class CostedUpdate : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flint-nano-").FullName + Path.DirectorySeparatorChar;
    private readonly OtaRequest _request = new();
    private readonly byte[] _frame = new byte[1024 + 10];

    public CostedUpdate()
    {
        using System.Security.Cryptography.RSA key = TunnelFixture.Key("signing");
        OtaImage image = OtaImage.Create(new byte[48 * 1024]);
        byte[] envelope = OtaSigner.Sign(new OtaManifestBuilder { Product = "nano"u8.ToArray(), Sequence = 1 }.Add(0, "1.0", image).Build(), key);
        Release = new ota::Flint.Ota.OtaRelease(envelope, image);
        var flash = new DeviceFileFlash(_folder, 4096, 64);
        Signer = DeviceKeys.Read(key, RsaPublicKey.UsageSignature);
        Trust = new DeviceTrust([Signer]);
        Engine = new OtaEngine(flash, OtaLayout.Divide(flash, factory: false), Trust, new NanoBoot(), new OtaOptions("nano"u8.ToArray()));
        Engine.Start();
    }

    public OtaEngine Engine { get; }

    public DeviceTrust Trust { get; }

    /// <summary>The key that manifests are signed with.</summary>
    public RsaPublicKey Signer { get; }

    public ota::Flint.Ota.OtaRelease Release { get; }

    public void Offer()
    {
        byte[] envelope = Release.Envelope.ToArray();
        Assert.Equal(OtaStatus.Ok, Engine.Offer(envelope, 0, envelope.Length));
    }

    public void Chunk()
    {
        Assert.True(Engine.TryGetRequest(_request));
        ota::Flint.Ota.OtaChunk.TryWrite(Release, _request.Artifact, _request.Offset, _request.Length, _frame, out int written);
        Assert.Equal(OtaStatus.Ok, Engine.OnChunk(_frame, 0, written));
    }

    public void Rest()
    {
        while (Engine.State == OtaState.Downloading)
        {
            Chunk();
        }

        Assert.Equal(OtaStatus.Ok, Engine.Arm());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
