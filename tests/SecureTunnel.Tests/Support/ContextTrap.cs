namespace Flint.SecureTunnel.Tests.Support;

/// <summary>
/// A synchronization context that stands on every thread that the flow of a test comes to, and keeps who came back to it. A library that asks for no context never does,
/// so that its caller may block a user interface's thread on it.
/// </summary>
internal sealed class ContextTrap : SynchronizationContext
{
    private static readonly AsyncLocal<ContextTrap?> Flow = new(static change => SetSynchronizationContext(change.CurrentValue));

    private readonly List<string> _returns = [];

    /// <summary>Runs <paramref name="action"/>, whose own awaits ask for no context, under the trap.</summary>
    /// <returns>Where something came back to the context: none.</returns>
    public static async Task<IReadOnlyList<string>> Watch(Func<Task> action)
    {
        var trap = new ContextTrap();
        await Task.Run(async () =>
        {
            Flow.Value = trap;
            await action().ConfigureAwait(false);
            Flow.Value = null;
        });
        lock (trap._returns)
        {
            return [.. trap._returns];
        }
    }

    public override SynchronizationContext CreateCopy() => this;

    public override void Send(SendOrPostCallback d, object? state) => d(state);

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (_returns)
        {
            _returns.Add($"{d.Method.DeclaringType}.{d.Method.Name} with {(state as Delegate)?.Target}");
        }

        ThreadPool.UnsafeQueueUserWorkItem(d.Invoke, state, preferLocal: false);
    }
}
