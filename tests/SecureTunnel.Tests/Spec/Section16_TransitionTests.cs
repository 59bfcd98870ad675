using System.Text;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Section 16: every state and every input of the three tables, compared with the tables that the specification includes.</summary>
public sealed class Section16_TransitionTests
{
    private delegate bool Table<TState, TInput>(TState state, TInput input, out TState next);

    [Fact]
    public void Server_EveryStateAndInput_IsTheCommittedTable() => // [ST-901]
        Compare<ServerState, ServerInput>("server", ServerTransitions.TryNext);

    [Fact]
    public void Client_EveryStateAndInput_IsTheCommittedTable() => // [ST-902]
        Compare<ClientState, ClientInput>("client", ClientTransitions.TryNext);

    [Fact]
    public void Session_EveryStateAndInput_IsTheCommittedTable() => // [ST-903]
        Compare<SessionState, SessionInput>("session", SessionTransitions.TryNext);

    private static void Compare<TState, TInput>(string name, Table<TState, TInput> table)
        where TState : struct, Enum
        where TInput : struct, Enum
    {
        var text = new StringBuilder();
        foreach (TState state in Enum.GetValues<TState>())
        {
            foreach (TInput input in Enum.GetValues<TInput>())
            {
                text.Append(FormattableString.Invariant($"{state,-16} {input,-16} "));
                text.Append(table(state, input, out TState next) ? next.ToString() : "-").Append('\n');
            }
        }

        string path = VectorFile.PathOf($"tunnel/{name}.transitions.txt");
        if (Environment.GetEnvironmentVariable("FLINT_ACCEPT_VECTORS") == "1")
        {
            File.WriteAllText(path, text.ToString());
        }

        Assert.Equal(File.ReadAllText(path), text.ToString());
    }
}
