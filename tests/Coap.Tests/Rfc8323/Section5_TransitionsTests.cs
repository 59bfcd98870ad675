using System.Text;
using Flint.Testing;

namespace Flint.Coap.Tests.Rfc8323;

public sealed class Section5_TransitionsTests
{
    [Fact]
    public void Transitions_EveryStateAndInput_AreAsCommitted()
    {
        string file = VectorFile.PathOf("coap/tcp.transitions.txt");
        string actual = Print();
        if (Environment.GetEnvironmentVariable("FLINT_ACCEPT_TRANSITIONS") == "1")
        {
            File.WriteAllText(file, actual);
        }

        Assert.Equal(File.ReadAllText(file), actual);
    }

    [Fact]
    public void Specification_Table_IsTheCommittedOne() => Assert.Contains(
        File.ReadAllText(VectorFile.PathOf("coap/tcp.transitions.txt")).Trim(),
        File.ReadAllText(Path.Combine(VectorFile.RepositoryRoot, "docs", "spec", "coap-profile.md")),
        StringComparison.Ordinal);

    private static string Print()
    {
        var text = new StringBuilder();
        foreach (CoapTcpState state in Enum.GetValues<CoapTcpState>())
        {
            foreach (CoapTcpInput input in Enum.GetValues<CoapTcpInput>())
            {
                string next = CoapTcpTransitions.TryNext(state, input, out CoapTcpState found) ? found.ToString() : "-";
                text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{state,-12} {input,-12} {next}\n");
            }
        }

        return text.ToString();
    }
}
