using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flint.Quickstart;

/// <summary>A child process's half of the conversation with the flight: reports go out on standard output, commands come in on standard input, one JSON object a line.</summary>
internal sealed class Role
{
    private readonly Lock _lock = new();
    private readonly TextWriter _output;

    private Role(TextWriter output) => _output = output;

    /// <summary>Runs a role to its end; an exception becomes a last report and exit code 2.</summary>
    public static async Task<int> RunAsync(Func<Role, Task<int>> role)
    {
        var reporter = new Role(Console.Out);
        try
        {
            return await role(reporter);
        }
        catch (Exception exception)
        {
            reporter.Report("error", ("message", $"{exception.GetType().Name}: {exception.Message}"), ("detail", exception.ToString()));
            return ExitCode.Error;
        }
    }

    /// <summary>Tells the flight that something happened.</summary>
    public void Report(string name, params ReadOnlySpan<(string Name, JsonNode? Value)> values)
    {
        lock (_lock)
        {
            JsonLine.Write(_output, "event", name, values);
        }
    }

    /// <summary>Reads commands until the flight ends; then <paramref name="onEnd"/> is called, since a role without a flight must not linger.</summary>
    public void ListenForCommands(Action<JsonElement> onCommand, Action onEnd)
    {
        var thread = new Thread(() =>
        {
            while (Console.In.ReadLine() is string line)
            {
                using JsonDocument command = JsonDocument.Parse(line);
                onCommand(command.RootElement.Clone());
            }

            onEnd();
        })
        { IsBackground = true };
        thread.Start();
    }
}
