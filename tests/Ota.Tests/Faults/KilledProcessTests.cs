using System.Diagnostics;

namespace Flint.Ota.Tests.Faults;

/// <summary>docs/spec/ota.md section 9: a device that is a process on a file system is killed (SIGKILL) wherever it happens to be.</summary>
public sealed class KilledProcessTests : IDisposable
{
    private const int Kills = 8;

    /// <summary>Of the manifest, unless it says otherwise.</summary>
    private const int Attempts = 3;

    private readonly string _folder = Directory.CreateTempSubdirectory("flint-ota").FullName;
    private readonly byte[] _image = Lab.Bytes(3_000_000, 2);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Device_KilledAgainAndAgain_CompletesTheUpdate()
    {
        Prepare();
        var random = new Random(4);
        int trials = 0;
        for (int i = 0; i < Kills; i++)
        {
            using Process device = Start();
            string? line = device.StandardOutput.ReadLine();
            Assert.StartsWith("started", line, StringComparison.Ordinal);

            // A fast machine comes to the trial; an image whose every attempt is killed would be rolled back, and rightly so.
            if (line!.StartsWith("started Trial", StringComparison.Ordinal) && ++trials == Attempts)
            {
                device.StandardOutput.ReadToEnd();
                device.WaitForExit();
                break;
            }

            Thread.Sleep(random.Next(60));
            device.Kill();
            device.WaitForExit();
        }

        RunToTheEnd();
    }

    private void RunToTheEnd()
    {
        int exit = 10;
        for (int boots = 0; exit == 10 && boots < 5; boots++)
        {
            using Process device = Start();
            string output = device.StandardOutput.ReadToEnd();
            device.WaitForExit();
            exit = device.ExitCode;
            Assert.True(exit is 0 or 10, output);
        }

        Assert.Equal(0, exit);
        using FileFlash flash = FileFlash.Open(Path.Combine(_folder, "flash"), new FileFlashGeometry(8 << 20));
        var options = new OtaOptions("file"u8.ToArray());
        OtaEngine engine = Lab.Boot(flash, OtaBoardLayout.Divide(flash, factory: false, evidence: true), options);
        Assert.Equal(2u, engine.Boot.Sequence);
        Spec.Section6_LifeCycleTests.AssertRuns(engine, _image);
    }

    private void Prepare()
    {
        OtaRelease first = Release(1, Lab.Bytes(1_000_000, 1));
        OtaRelease second = Release(2, _image);
        File.WriteAllBytes(Path.Combine(_folder, "key"), Lab.Key.ExportSubjectPublicKeyInfo());
        File.WriteAllBytes(Path.Combine(_folder, "manifest"), second.Envelope.ToArray());
        File.WriteAllBytes(Path.Combine(_folder, "image"), _image);
        using FileFlash flash = FileFlash.Open(Path.Combine(_folder, "flash"), new FileFlashGeometry(8 << 20));
        using OtaTrustStore trust = Lab.Trust();
        OtaLayout layout = OtaBoardLayout.Divide(flash, factory: false, evidence: true);
        Assert.Equal(OtaStatus.Ok, new OtaProvisioner(flash, layout, trust).InstallFirst(first.Envelope.Span, first));
    }

    private static OtaRelease Release(uint sequence, byte[] data)
    {
        OtaImage image = OtaImage.Create(data);
        return Lab.Sign(new OtaManifestBuilder { Product = "file"u8.ToArray(), Sequence = sequence }.Add(0, "1", image), image);
    }

    private Process Start()
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Flint.Ota.Proof.dll");
        var start = new ProcessStartInfo(Environment.ProcessPath is string host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardOutput = true,
            ArgumentList = { program, "--device", _folder },
        };
        return Process.Start(start)!;
    }
}
