using System.Diagnostics;
using Flint.Testing;

namespace Flint.Integration.Tests.Support;

/// <summary>The program of samples/NanoDevice in a process of its own, which can lose its power, over a folder that survives it. Whoever made it starts it again after a reset.</summary>
internal sealed class NanoProcess : IDisposable
{
    private Process? _process;

    /// <summary>The board's file system, with the separator at the end.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("flint-nano-device-").FullName + Path.DirectorySeparatorChar;

    /// <summary>What the files of the device's flash hold together.</summary>
    public long FlashBytes => Directory.EnumerateFiles(Folder, "b*").Select(file => new FileInfo(file)).Sum(file => file.Exists ? file.Length : 0);

    public void Start(int port)
    {
        _process?.Dispose();
        string program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "NanoDevice.exe" : "NanoDevice");
        var start = new ProcessStartInfo(program, ["127.0.0.1", port.ToString(System.Globalization.CultureInfo.InvariantCulture), Folder]);

        // A process that is killed cannot remove the runtime's debugger pipes; it makes none.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        _process = Process.Start(start)!;
    }

    /// <summary>The power goes: SIGKILL, nothing of the process runs any more, wherever it was.</summary>
    public void Kill()
    {
        Assert.False(_process!.HasExited, "the device has come to an end before");
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Waits until the device resets itself.</summary>
    public async Task AwaitResetAsync()
    {
        await _process!.WaitForExitAsync().WaitAsync(Eventually.Limit);
        Assert.Equal(RebootExitCode, _process.ExitCode);
    }

    public void Dispose()
    {
        _process?.Kill();
        _process?.WaitForExit();
        _process?.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private const int RebootExitCode = 75;
}
