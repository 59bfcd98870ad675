using System;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.SecureTunnel;

/// <summary>
/// Bounds the private-key operations that run at once, and the handshakes that wait for one (section 11). Resumptions never pass it, so a flood of
/// full handshakes leaves them alone. Share one gate among listeners that share a machine. Safe for concurrent use.
/// </summary>
public sealed class SecureTunnelKeyGate : IDisposable
{
    private readonly SemaphoreSlim _free;
    private readonly int _limit;
    private int _inside;

    /// <summary>A gate for half the processors and a queue of 256.</summary>
    public SecureTunnelKeyGate()
        : this(Math.Max(1, Environment.ProcessorCount / 2), DefaultQueue)
    {
    }

    /// <summary>A gate of the given sizes.</summary>
    /// <param name="concurrency">Private-key operations at once: at least 1.</param>
    /// <param name="queue">Handshakes that may wait; the next one is answered with <see cref="SecureTunnelAlert.Busy"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is out of its range.</exception>
    public SecureTunnelKeyGate(int concurrency, int queue)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(concurrency, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(queue);
        _free = new SemaphoreSlim(concurrency, concurrency);
        _limit = concurrency + queue;
    }

    /// <summary>Handshakes that use a private key or wait for one, now.</summary>
    public int Count => Volatile.Read(ref _inside);

    /// <summary>Frees the gate; no handshake may be in it.</summary>
    public void Dispose() => _free.Dispose();

    /// <summary>Waits for a place.</summary>
    /// <returns>False, at once, where the queue is full.</returns>
    internal async ValueTask<bool> TryEnterAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _inside) > _limit)
        {
            Interlocked.Decrement(ref _inside);
            return false;
        }

        try
        {
            await _free.WaitAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch
        {
            Interlocked.Decrement(ref _inside);
            throw;
        }
    }

    internal void Leave()
    {
        _free.Release();
        Interlocked.Decrement(ref _inside);
    }

    private const int DefaultQueue = 256;
}
