using System.Diagnostics;
using System.Globalization;

namespace Flint.Benchmarks.Coap.Load;

/// <summary>A process that takes a line and gives a line.</summary>
internal sealed class LoadProcess : IDisposable
{
    private readonly Process _process;

    private LoadProcess(string program, IEnumerable<string> arguments) => _process = Process.Start(
        new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = false })!;

    /// <summary>This program once more, with other arguments.</summary>
    public static LoadProcess Self(params string[] arguments) => Environment.ProcessPath is string path && !path.EndsWith("dotnet", StringComparison.Ordinal)
        ? new LoadProcess(path, ["coap", .. arguments])
        : new LoadProcess(Environment.ProcessPath!, [typeof(LoadProcess).Assembly.Location, "coap", .. arguments]);

    /// <summary>Another program.</summary>
    public static LoadProcess Other(string program, params string[] arguments) => new(program, arguments);

    /// <summary>Its resident memory, in bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public string Ask(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
        return Read();
    }

    public string Read() => _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The process has ended.");

    public long ReadNumber() => long.Parse(Read(), CultureInfo.InvariantCulture);

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
