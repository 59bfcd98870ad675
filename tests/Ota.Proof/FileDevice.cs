using System.Security.Cryptography;

namespace Flint.Ota.Proof;

/// <summary>A device as a process: it updates itself from files in a folder, over flash in a file, and may be killed at any time.</summary>
internal static class FileDevice
{
    public static readonly FileFlashGeometry Geometry = new(8 << 20);

    /// <summary>Runs from one power-on to the next reset.</summary>
    /// <returns>The exit code: 10 where it wants to be started again, 0 where the update is confirmed, 1 where something is wrong.</returns>
    public static int Run(string folder)
    {
        using RSA key = RSA.Create();
        key.ImportSubjectPublicKeyInfo(File.ReadAllBytes(Path.Combine(folder, "key")), out _);
        using var trust = new OtaTrustStore();
        trust.Add(key);
        byte[] envelope = File.ReadAllBytes(Path.Combine(folder, "manifest"));
        byte[] image = File.ReadAllBytes(Path.Combine(folder, "image"));
        using FileFlash flash = FileFlash.Open(Path.Combine(folder, "flash"), Geometry);
        OtaLayout layout = OtaBoardLayout.Divide(flash, factory: false, evidence: true);
        var engine = new OtaEngine(flash, layout, trust, new OtaBootStage(), new OtaOptions("file"u8.ToArray()));
        OtaBootDecision boot = engine.Start();
        Console.WriteLine($"started {boot.Source} {boot.Sequence} resumed {engine.Progress.ResumedBytes}");
        if (boot.Source == OtaBootSource.Recovery)
        {
            return 1;
        }

        if (engine.State == OtaState.Trial && engine.Confirm() != OtaStatus.Ok)
        {
            return 1;
        }

        OtaStatus status = engine.Offer(envelope, 0, envelope.Length);
        return status == OtaStatus.AlreadyInstalled ? 0 : status == OtaStatus.Ok && Download(engine, new OtaRelease(envelope, OtaImage.Create(image))) ? 10 : 1;
    }

    private static bool Download(OtaEngine engine, OtaRelease release)
    {
        var request = new OtaRequest();
        var frame = new byte[OtaChunkFrame.HeaderLength + OtaChunkFrame.MaxDataLength];
        while (engine.TryGetRequest(request))
        {
            if (!OtaChunk.TryWrite(release, request.Artifact, request.Offset, request.Length, frame, out int written)
                || engine.OnChunk(frame, 0, written) != OtaStatus.Ok)
            {
                return false;
            }
        }

        return engine.Arm() == OtaStatus.Ok;
    }
}
