using System.Security.Cryptography;
using Flint.Ota;

namespace Flint.Snippets;

/// <summary>The blocks of src/Ota/README.md.</summary>
internal static class Ota
{
    public static OtaRelease Publish(byte[] firmware, RSA privateKey, byte[] product)
    {
        // <snippet>
        OtaImage image = OtaImage.Create(firmware);
        byte[] manifest = new OtaManifestBuilder { Product = product, Sequence = 2, SecurityVersion = 1 }
            .Add(0, "2.0.0", image)
            .Build();
        var release = new OtaRelease(OtaSigner.Sign(manifest, privateKey), image);
        // </snippet>
        return release;
    }

    public static void Run(byte[] product, RSA publicKey, byte[] envelope, Func<bool> selfTest, Func<OtaRequest, byte[]> fetch)
    {
        // <snippet>
        using var trust = new OtaTrustStore();
        trust.Add(publicKey);
        using FileFlash flash = FileFlash.Open("flash.bin", new FileFlashGeometry(Size: 8 << 20));
        OtaLayout layout = OtaBoardLayout.Divide(flash, factory: false, evidence: true);
        var engine = new OtaEngine(flash, layout, trust, new OtaBootStage(), new OtaOptions(product));

        OtaBootDecision boot = engine.Start();           // which bank to run, and why
        if (boot.Source == OtaBootSource.Trial)
        {
            _ = selfTest() ? engine.Confirm() : engine.Reject(OtaReason.SelfTestFailed, detail: 0);
        }

        OtaStatus offered = engine.Offer(envelope, 0, envelope.Length);   // the bytes of release.Envelope
        Console.WriteLine($"bank {boot.Bank}, last update {engine.LastReason}, this one {offered}");

        var request = new OtaRequest();
        while (engine.TryGetRequest(request))            // resumes by itself after a power cut; after a lost link, engine.ForgetRequests()
        {
            byte[] frame = fetch(request);
            engine.OnChunk(frame, 0, frame.Length);
        }

        if (engine.State == OtaState.Verified)
        {
            engine.Arm();                                // the next start tries the new image
        }
        // </snippet>
    }
}
