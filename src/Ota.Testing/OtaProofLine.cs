using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Flint.Ota.Testing;

/// <summary>A line of a report, for example <c>Good phase=1 faults=34:5,60:2</c>: all that a run depends on.</summary>
internal static class OtaProofLine
{
    public static string Write(OtaScenario scenario, int phase, ReadOnlySpan<FlashFault> faults) =>
        $"{scenario} phase={phase} faults={string.Join(',', faults.ToArray().Select(fault => fault.ToString()))}";

    /// <summary>Reads one, with or without the tab and what did not hold behind it.</summary>
    /// <exception cref="FormatException">It is not one.</exception>
    public static FlashFault[] Read(string line, out OtaScenario scenario, out int phase)
    {
        string[] parts = line.Split('\t')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        phase = 0;
        if (parts.Length != 3 || !Enum.TryParse(parts[0], out scenario) || !Enum.IsDefined(scenario)
            || !parts[1].StartsWith("phase=", StringComparison.Ordinal) || !TryRead(parts[1]["phase=".Length..], out phase) || phase >= OtaProof.Phases
            || !parts[2].StartsWith("faults=", StringComparison.Ordinal))
        {
            throw Malformed();
        }

        var faults = new List<FlashFault>();
        foreach (string fault in parts[2]["faults=".Length..].Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] pair = fault.Split(':');
            if (pair.Length != 2 || !TryRead(pair[0], out int operation) || !TryRead(pair[1], out int kind) || kind >= FlashFault.KindsWithStarts)
            {
                throw Malformed();
            }

            faults.Add(new FlashFault(operation, (FlashFaultKind)kind));
        }

        return [.. faults];
    }

    private static bool TryRead(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static FormatException Malformed() => new("A line is: scenario phase=n faults=operation:kind,operation:kind");
}
