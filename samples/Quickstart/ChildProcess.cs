using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Flint.Quickstart;

/// <summary>A role as the flight sees it: a process of its own that reports, takes commands and can lose its power.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Process _process;
    private readonly Channel<JsonElement> _reports = Channel.CreateUnbounded<JsonElement>();
    private readonly Task _reading;
    private readonly string _name;

    private ChildProcess(string name, Process process)
    {
        _name = name;
        _process = process;
        _reading = ReadReportsAsync();
    }

    /// <summary>Starts this program again in the role that <paramref name="arguments"/> name.</summary>
    public static ChildProcess Start(string name, params ReadOnlySpan<string> arguments)
    {
        string program = Environment.ProcessPath ?? throw new FlightException("This process does not know its own program.");
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        // A process that is killed cannot remove the runtime's debugger pipes; it makes none.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        if (Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
        {
            start.ArgumentList.Add(typeof(ChildProcess).Assembly.Location);
        }

        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return new ChildProcess(name, Process.Start(start) ?? throw new FlightException($"The {name}'s process did not start."));
    }

    public int Id => _process.Id;

    /// <summary>Sends a command.</summary>
    public void Send(string command, params ReadOnlySpan<(string Name, JsonNode? Value)> values) =>
        JsonLine.Write(_process.StandardInput, "command", command, values);

    /// <summary>The next report named <paramref name="name"/>; others before it go to <paramref name="onOther"/>. An error report, an early end or silence is a failure of the flight.</summary>
    public async Task<JsonElement> WaitForAsync(string name, CancellationToken cancellationToken, Action<JsonElement>? onOther = null, TimeSpan? patience = null)
    {
        TimeSpan wait = patience ?? Patience;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            while (true)
            {
                timeout.CancelAfter(wait);
                JsonElement report = await _reports.Reader.ReadAsync(timeout.Token);
                string? eventName = report.GetProperty("event").GetString();
                if (eventName == name)
                {
                    return report;
                }

                if (eventName == "error")
                {
                    throw new FlightException($"The {_name} failed while the flight waited for '{name}': {report.GetProperty("message").GetString()}\n{report.GetProperty("detail").GetString()}");
                }

                onOther?.Invoke(report);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FlightException($"The {_name} said nothing of '{name}' for {wait.TotalSeconds:0} s.");
        }
        catch (ChannelClosedException)
        {
            throw new FlightException($"The {_name}'s process ended before it said '{name}'.");
        }
    }

    /// <summary>Waits until the process ends by itself.</summary>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Patience);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FlightException($"The {_name}'s process did not end within {Patience.TotalSeconds:0} s.");
        }
    }

    /// <summary>Takes the power away: SIGKILL, nothing of the process runs any more.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        await _reading;
        _process.Dispose();
    }

    private async Task ReadReportsAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is string line)
        {
            try
            {
                using JsonDocument report = JsonDocument.Parse(line);
                _reports.Writer.TryWrite(report.RootElement.Clone());
            }
            catch (JsonException)
            {
                // A line cut by a kill.
            }
        }

        _reports.Writer.Complete();
    }
}
