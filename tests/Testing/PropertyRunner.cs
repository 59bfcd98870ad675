using FsCheck;
using FsCheck.Fluent;

namespace Flint.Testing;

/// <summary>
/// Runs a property with a fixed seed, so that a run on any machine sees the same inputs. The environment variables
/// FLINT_SEED and FLINT_RUNS choose another seed and another number of runs; a failure prints the seed and the shrunk input.
/// </summary>
public static class PropertyRunner
{
    /// <summary>Checks <paramref name="property"/> for <paramref name="runs"/> inputs of <paramref name="arbitrary"/>.</summary>
    public static void Check<T>(Arbitrary<T> arbitrary, Func<T, bool> property, int runs = 500) =>
        FsCheck.Fluent.Prop.ForAll(arbitrary, property).Check(Configure(runs));

    /// <summary>Checks <paramref name="property"/>, which throws where it does not hold.</summary>
    public static void Check<T>(Arbitrary<T> arbitrary, Action<T> property, int runs = 500) =>
        FsCheck.Fluent.Prop.ForAll(arbitrary, property).Check(Configure(runs));

    /// <summary>The seed in use: FLINT_SEED, or a fixed one.</summary>
    public static ulong Seed { get; } =
        ulong.TryParse(Environment.GetEnvironmentVariable("FLINT_SEED"), out ulong seed) ? seed : 20141007;

    private static Config Configure(int runs)
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("FLINT_RUNS"), out int wanted))
        {
            runs = wanted;
        }

        return Config.QuickThrowOnFailure.WithMaxTest(runs).WithReplay(Seed, 1).WithQuietOnSuccess(true);
    }
}
