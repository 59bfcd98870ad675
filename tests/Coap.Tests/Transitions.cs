using System.Text;
using Flint.Testing;

namespace Flint.Coap.Tests;

/// <summary>Prints every state and input of a machine, and compares with the committed file that the specification includes.</summary>
internal static class Transitions
{
    public delegate bool Next<TState, TInput>(TState state, TInput input, out TState next);

    /// <summary>Compares with docs/spec/vectors/coap/<paramref name="name"/>.transitions.txt; where FLINT_ACCEPT_TRANSITIONS=1, writes it first.</summary>
    public static void AssertCommitted<TState, TInput>(string name, Next<TState, TInput> next)
        where TState : struct, Enum
        where TInput : struct, Enum
    {
        var text = new StringBuilder();
        foreach (TState state in Enum.GetValues<TState>())
        {
            foreach (TInput input in Enum.GetValues<TInput>())
            {
                string to = next(state, input, out TState reached) ? reached.ToString() : "-";
                text.Append($"{state,-20} {input,-24} {to}".TrimEnd()).Append('\n');
            }
        }

        string path = VectorFile.PathOf($"coap/{name}.transitions.txt");
        if (Environment.GetEnvironmentVariable("FLINT_ACCEPT_TRANSITIONS") == "1")
        {
            File.WriteAllText(path, text.ToString());
        }

        Assert.Equal(File.ReadAllText(path), text.ToString());
    }
}
