using System.Runtime.CompilerServices;

namespace Flint.Testing;

/// <summary>Waiting in tests: for something to happen, never for a time to pass. The limit is far above what a busy machine takes, since it is reached only where the test fails.</summary>
public static class Eventually
{
    /// <summary>How long a test waits before it fails: two minutes.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Waits until <paramref name="condition"/> holds.</summary>
    /// <exception cref="TimeoutException">It did not, within <see cref="Limit"/>.</exception>
    public static async Task HoldsAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string? text = null)
    {
        long end = Environment.TickCount64 + (long)Limit.TotalMilliseconds;
        while (!condition())
        {
            if (Environment.TickCount64 > end)
            {
                throw new TimeoutException($"After {Limit} it does not hold: {text}");
            }

            await Task.Delay(5).ConfigureAwait(false);
        }
    }
}
