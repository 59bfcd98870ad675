using System.Diagnostics;
using System.Security.Cryptography;

namespace Flint.Integration.Tests;

/// <summary>The quickstart as a user starts it, with firmware of the user's own.</summary>
public sealed class QuickstartTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flint-quickstart-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Flight_TwoSmallFirmwares_EveryStepHoldsAndNothingIsLeftBehind()
    {
        (int exitCode, string output) = Fly("--old", Firmware("a", 20_000), "--new", Firmware("b", 70_001), "--seed", "3");

        Assert.True(exitCode == 0, output);
        Assert.Contains("Every step did what it says", output);
        Assert.Equal(["a", "b"], Directory.GetFileSystemEntries(_folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Flight_SameSeed_CutsAtTheSameByte()
    {
        string old = Firmware("a", 20_000);
        string @new = Firmware("b", 70_001);

        string first = Lines(Fly("--old", old, "--new", @new, "--seed", "11").Output);
        string second = Lines(Fly("--old", old, "--new", @new, "--seed", "11").Output);

        Assert.NotEmpty(first);
        Assert.Equal(first, second);

        static string Lines(string output) => string.Join('\n', output.Split('\n').Where(line => line.Contains("the link stalls") || line.Contains("flips one bit")).Select(line => line[(line.IndexOf("the link", StringComparison.Ordinal) is var at and >= 0 ? at : line.IndexOf("flips", StringComparison.Ordinal))..].Split(';')[0]));
    }

    [Fact]
    public void Flight_SameFileTwice_SaysSoAndFails()
    {
        string file = Firmware("a", 5_000);

        (int exitCode, string output) = Fly("--old", file, "--new", file);

        Assert.Equal(1, exitCode);
        Assert.Contains("hold the same bytes", output);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(16 * 1024 * 1024 + 1)]
    public void Flight_FirmwareOutsideTheLimits_SaysSoAndFails(int length)
    {
        (int exitCode, string output) = Fly("--old", Firmware("a", length), "--new", Firmware("b", 5_000));

        Assert.Equal(1, exitCode);
        Assert.Contains("a firmware here has 1 to 16777216", output);
    }

    [Fact]
    public void Flight_MissingFile_SaysSoAndFails()
    {
        (int exitCode, string output) = Fly("--old", Path.Combine(_folder, "nowhere"));

        Assert.Equal(1, exitCode);
        Assert.Contains("There is no file", output);
    }

    private string Firmware(string name, int length)
    {
        string path = Path.Combine(_folder, name);
        byte[] bytes = new byte[length];
        RandomNumberGenerator.Fill(bytes);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private (int ExitCode, string Output) Fly(params string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "Flint.Quickstart.exe" : "Flint.Quickstart");
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["TMPDIR"] = _folder;
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.Result);
    }
}
