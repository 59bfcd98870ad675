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
    private readonly OtaEngine _engine;
    private readonly OtaRequest _request = new();
    private readonly byte[] _envelope;
    private readonly ota::Flint.Ota.OtaRelease _release;
    private readonly byte[] _frame = new byte[1024 + 10];

    public CostedUpdate()
    {
        using System.Security.Cryptography.RSA key = TunnelFixture.Key("signing");
        OtaImage image = OtaImage.Create(new byte[48 * 1024]);
        _envelope = OtaSigner.Sign(new OtaManifestBuilder { Product = "nano"u8.ToArray(), Sequence = 1 }.Add(0, "1.0", image).Build(), key);
        _release = new ota::Flint.Ota.OtaRelease(_envelope, image);
        var flash = new DeviceFileFlash(_folder, 4096, 64);
        var trust = new DeviceTrust([DeviceKeys.Read(key, RsaPublicKey.UsageSignature)]);
        _engine = new OtaEngine(flash, OtaLayout.Divide(flash, factory: false), trust, new NanoBoot(), new OtaOptions("nano"u8.ToArray()));
        _engine.Start();
    }

    public void Offer() => Assert.Equal(OtaStatus.Ok, _engine.Offer(_envelope, 0, _envelope.Length));

    public void Chunk()
    {
        Assert.True(_engine.TryGetRequest(_request));
        ota::Flint.Ota.OtaChunk.TryWrite(_release, _request.Artifact, _request.Offset, _request.Length, _frame, out int written);
        Assert.Equal(OtaStatus.Ok, _engine.OnChunk(_frame, 0, written));
    }

    public void Rest()
    {
        while (_engine.State == OtaState.Downloading)
        {
            Chunk();
        }

        Assert.Equal(OtaStatus.Ok, _engine.Arm());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
