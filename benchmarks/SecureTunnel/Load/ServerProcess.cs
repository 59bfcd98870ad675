using System.Diagnostics;
using System.Globalization;

namespace Flint.Benchmarks.SecureTunnel.Load;

/// <summary>A running <see cref="LoadServer"/>.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, string kind, int port, byte[] publicKey)
    {
        _process = process;
        Kind = kind;
        Port = port;
        PublicKey = publicKey;
    }

    public string Kind { get; }

    public int Port { get; }

    public byte[] PublicKey { get; }

    public static async Task<ServerProcess> StartAsync(string kind)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["tunnel", "serve", kind]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        Process process = Process.Start(start)!;
        string port = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The server did not start.");
        string key = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The server did not start.");
        return new ServerProcess(process, kind, int.Parse(port, CultureInfo.InvariantCulture), Convert.FromHexString(key));
    }

    public async Task<ServerReport> ReportAsync()
    {
        await _process.StandardInput.WriteLineAsync("report");
        string[] parts = (await _process.StandardOutput.ReadLineAsync())!.Split(' ');
        return new ServerReport(double.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture), long.Parse(parts[2], CultureInfo.InvariantCulture));
    }

    /// <returns>Microseconds of the processor so far, without a collection before.</returns>
    public async Task<double> CpuAsync()
    {
        await _process.StandardInput.WriteLineAsync("cpu");
        return double.Parse((await _process.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
