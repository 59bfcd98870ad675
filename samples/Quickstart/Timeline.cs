using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Flint.Quickstart;

/// <summary>What the user sees: steps with their lines, progress bars, and the table at the end.</summary>
internal sealed class Timeline
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly List<(string Step, string Shown, bool Ok)> _summary = [];
    private string _step = "";

    public Timeline()
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Capabilities.Ansi = false;
            AnsiConsole.Profile.Width = 160;
        }
    }

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_start);

    public void Begin(string step)
    {
        _step = step;
        AnsiConsole.WriteLine();
        AnsiConsole.Write(new Rule($"[bold]{Markup.Escape(step)}[/]").LeftJustified());
    }

    public void Say(string who, string text)
    {
        string colour = who switch { "gateway" => "deepskyblue1", "device" => "green", "power" => "red", "attacker" => "orange1", _ => "grey" };
        string time = Elapsed.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture);
        AnsiConsole.MarkupLine($"[grey]{time,7} s[/]  [{colour}]{Markup.Escape(who),-9}[/] {Markup.Escape(text)}");
    }

    /// <summary>Closes the step with the one line that the summary shows.</summary>
    public void End(string shown) => _summary.Add((_step, shown, true));

    /// <summary>Closes the step as failed.</summary>
    public void Fail(string why) => _summary.Add((_step, why, false));

    /// <summary>Shows a bar while <paramref name="work"/> reports how many bytes are verified.</summary>
    public static Task BarAsync(string label, long total, Func<Action<long>, Task> work) =>
        AnsiConsole.Progress()
            .AutoClear(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn())
            .StartAsync(async context =>
            {
                ProgressTask bar = context.AddTask($"          {Markup.Escape(label)}", maxValue: total);
                await work(value => bar.Value = value);
            });

    /// <returns>Whether every step did what it says.</returns>
    public bool Summarise(int steps)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("", "step", "shown");
        foreach ((string step, string shown, bool ok) in _summary)
        {
            table.AddRow(new Markup(ok ? "[green]ok[/]" : "[red]FAILED[/]"), new Markup(Markup.Escape(step)), new Markup(Markup.Escape(shown)));
        }

        AnsiConsole.WriteLine();
        AnsiConsole.Write(table);
        bool all = _summary.Count == steps && _summary.TrueForAll(row => row.Ok);
        string time = Elapsed.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        AnsiConsole.MarkupLine(all ? $"[green]Every step did what it says, in {time} s.[/]" : $"[red]Not every step did what it says ({_summary.Count(row => row.Ok)} of {steps}), after {time} s.[/]");
        return all;
    }
}
