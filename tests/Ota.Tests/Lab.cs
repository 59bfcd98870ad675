using System.Security.Cryptography;

namespace Flint.Ota.Tests;

/// <summary>A vendor and its devices for tests: a key made once per run, images from a seed, releases, and the loop that carries chunks.</summary>
internal static class Lab
{
    public static readonly byte[] Product = "test-product"u8.ToArray();

    public static RSA Key { get; } = RSA.Create(2048);

    public static RSA OtherKey { get; } = RSA.Create(2048);

    public static OtaTrustStore Trust()
    {
        var trust = new OtaTrustStore();
        trust.Add(Key);
        return trust;
    }

    public static byte[] Bytes(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static OtaRelease Release(uint sequence, int length, uint securityVersion = 1, Func<OtaManifestBuilder, OtaManifestBuilder>? change = null) =>
        Release(sequence, Bytes(length, (int)sequence), securityVersion, change);

    public static OtaRelease Release(uint sequence, byte[] data, uint securityVersion = 1, Func<OtaManifestBuilder, OtaManifestBuilder>? change = null)
    {
        OtaImage image = OtaImage.Create(data);
        var builder = new OtaManifestBuilder { Product = Product, Sequence = sequence, SecurityVersion = securityVersion };
        return Sign((change?.Invoke(builder) ?? builder).Add(0, $"{sequence}.0.0", image), image);
    }

    public static OtaRelease Sign(OtaManifestBuilder builder, params OtaImage[] images) =>
        new(OtaSigner.Sign(builder.Build(), Key), images);

    public static OtaOptions Options() => new(Product);

    public static OtaEngine Engine(OtaFlash flash, OtaLayout layout, OtaOptions? options = null) =>
        new(flash, layout, Trust(), new OtaBootStage(), options ?? Options());

    /// <summary>Starts a device on <paramref name="flash"/>, as after a reset.</summary>
    public static OtaEngine Boot(OtaFlash flash, OtaLayout layout, OtaOptions? options = null)
    {
        OtaEngine engine = Engine(flash, layout, options);
        engine.Start();
        return engine;
    }

    /// <summary>Starts a program that <paramref name="loader"/> runs from a bank.</summary>
    public static OtaEngine BootFrom(Loader loader, OtaFlash flash, OtaLayout layout)
    {
        var engine = new OtaEngine(flash, layout, Trust(), loader, Options());
        engine.Start();
        return engine;
    }

    public static OtaStatus Offer(this OtaEngine engine, OtaRelease release) =>
        engine.Offer(release.Envelope.ToArray(), 0, release.Envelope.Length);

    /// <summary>Carries chunks until the engine wants none, or <paramref name="most"/> were carried; gives the last status.</summary>
    public static OtaStatus Fetch(this OtaEngine engine, IOtaArtifactSource source, int most = int.MaxValue)
    {
        var request = new OtaRequest();
        var frame = new byte[OtaChunkFrame.HeaderLength + OtaChunkFrame.MaxDataLength];
        OtaStatus status = OtaStatus.Ok;
        for (int i = 0; i < most && engine.TryGetRequest(request); i++)
        {
            Assert.True(OtaChunk.TryWrite(source, request.Artifact, request.Offset, request.Length, frame, out int written));
            status = engine.OnChunk(frame, 0, written);
            if (status == OtaStatus.DownloadFailed)
            {
                break;
            }
        }

        return status;
    }

    /// <summary>Flash of <paramref name="blocks"/> blocks of 4 KiB with its layout and <paramref name="first"/> installed.</summary>
    public static (MemoryFlash Flash, OtaLayout Layout) Device(OtaRelease first, int blocks = 32, bool factory = false, bool evidence = true)
    {
        var flash = new MemoryFlash(blocks * 4096, 4096);
        OtaLayout layout = OtaBoardLayout.Divide(flash, factory, evidence);
        using OtaTrustStore trust = Trust();
        var provisioner = new OtaProvisioner(flash, layout, trust);
        Assert.Equal(OtaStatus.Ok, provisioner.InstallFirst(first.Envelope.Span, first));
        if (factory)
        {
            Assert.Equal(OtaStatus.Ok, provisioner.InstallFactory(first.Envelope.Span, first));
        }

        return (flash, layout);
    }

    /// <summary>Offers, fetches and arms.</summary>
    public static void Install(this OtaEngine engine, OtaRelease release)
    {
        Assert.Equal(OtaStatus.Ok, engine.Offer(release));
        Assert.Equal(OtaStatus.Ok, engine.Fetch(release));
        Assert.Equal(OtaState.Verified, engine.State);
        Assert.Equal(OtaStatus.Ok, engine.Arm());
    }
}
