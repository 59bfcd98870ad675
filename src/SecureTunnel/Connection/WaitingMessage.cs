using System;
using System.Threading.Tasks;

namespace Flint.SecureTunnel;

/// <summary>A message that waits for room in the send buffer, and the task of that wait.</summary>
internal sealed class WaitingMessage(PooledBuffer written, ReadOnlyMemory<byte> message) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
{
    /// <summary>What was written before it.</summary>
    public PooledBuffer Written => written;

    public ReadOnlyMemory<byte> Message => message;

    /// <summary>Where it ends among the bytes that are queued; -1 while it is not, and where it never will be.</summary>
    public long End { get; private set; } = -1;

    /// <summary>The wait was ended before there was room.</summary>
    public bool IsCanceled { get; private set; }

    public void Admit(long end, bool isCanceled)
    {
        (End, IsCanceled) = (end, isCanceled);
        TrySetResult();
    }
}
