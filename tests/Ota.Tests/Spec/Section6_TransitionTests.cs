using System.Text;
using Flint.Testing;

namespace Flint.Ota.Tests.Spec;

public sealed class Section6_TransitionTests
{
    /// <summary>Every state with every input, as the specification prints it. FLINT_ACCEPT_API=1 writes the file.</summary>
    [Fact]
    public void Table_EveryStateAndInput_IsTheCommittedFile()
    {
        var text = new StringBuilder();
        foreach (OtaState state in Enum.GetValues<OtaState>())
        {
            foreach (OtaInput input in Enum.GetValues<OtaInput>())
            {
                string result = OtaTransitions.TryNext(state, input, out OtaState next) ? next.ToString() : "-";
                text.Append($"{state,-12} {input,-17} {result}".TrimEnd()).Append('\n');
            }
        }

        string file = VectorFile.PathOf("ota/engine.transitions.txt");
        if (Environment.GetEnvironmentVariable("FLINT_ACCEPT_API") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text.ToString());
        }

        Assert.Equal(File.ReadAllText(file), text.ToString());
    }

    /// <summary>The arrows of section 6, a line a state.</summary>
    [Fact]
    public void Table_EveryArrow_StandsInTheSpecification()
    {
        var text = new StringBuilder();
        foreach (OtaState state in Enum.GetValues<OtaState>())
        {
            IEnumerable<string> arrows = Enum.GetValues<OtaInput>()
                .Select(input => OtaTransitions.TryNext(state, input, out OtaState next) ? $"{input} -> {next}" : "")
                .Where(arrow => arrow.Length > 0)
                .DefaultIfEmpty("(a reset)");
            text.Append($"{state,-12} {string.Join(", ", arrows)}\n");
        }

        Assert.Contains(text.ToString(), File.ReadAllText(Path.Combine(VectorFile.RepositoryRoot, "docs", "spec", "ota.md")).ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void Table_NoArrow_LeavesStateAndSaysSo()
    {
        Assert.False(OtaTransitions.TryNext(OtaState.Idle, OtaInput.Confirmed, out OtaState next));
        Assert.Equal(OtaState.Idle, next);
    }
}
