using System;
using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.SecureTunnel;

/// <summary>
/// A stream as a <see cref="PipeReader"/>: waits with a read of zero bytes and no buffer, then begins with one of 2 KiB, which holds any handshake message; only a stream that fills it gets the large one. A peer
/// that sends a few bytes and falls silent therefore costs 2 KiB and no more. One reader at a time, as for any pipe.
/// </summary>
internal sealed class StreamInput(Stream stream) : PipeReader
{
    private byte[] _buffer = [];
    private ReadOnlySequence<byte> _given;
    private int _start;
    private int _end;
    private int _size = SmallBuffer;
    private bool _wantsMore = true;
    private bool _ended;
    private volatile bool _cancelRequested;
    private int _state; // Reading while the stream may write into the buffer, Completed afterwards
    private CancellationTokenSource? _cancel;

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        if (_cancelRequested || _ended || !_wantsMore)
        {
            result = Take();
            return true;
        }

        result = default;
        return false;
    }

    /// <inheritdoc/>
    [SuppressMessage("Reliability", "CA2000", Justification = "The field owns the source.")]
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (TryRead(out ReadResult result))
        {
            return result;
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (Interlocked.CompareExchange(ref _state, Reading, Free) != Free)
        {
            throw new InvalidOperationException("The reader is completed, or read from twice at a time.");
        }

        CancellationTokenSource cancel = CancelSource();
        CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), cancel);
        try
        {
            await FillAsync(cancel.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_cancelRequested && !cancellationToken.IsCancellationRequested)
        {
            // CancelPendingRead: reported in the result
        }
        finally
        {
            await registration.DisposeAsync().ConfigureAwait(false);
            Interlocked.CompareExchange(ref _state, Free, Reading);
        }

        return Take();
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        int taken = (int)_given.Slice(_given.Start, consumed).Length;
        _wantsMore = _given.Slice(examined).IsEmpty;
        _given = default;
        _start += taken;
        if (_start == _end)
        {
            Release();
        }
    }

    /// <inheritdoc/>
    public override void CancelPendingRead()
    {
        _cancelRequested = true;
        Volatile.Read(ref _cancel)?.Cancel();
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        if (Interlocked.Exchange(ref _state, Completed) == Free)
        {
            Release();
        }

        stream.Dispose();
    }

    /// <summary>Reads into the buffer, or sees the end of the stream.</summary>
    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        if (_buffer.Length == 0)
        {
            await stream.ReadAsync(Memory<byte>.Empty, cancellationToken).ConfigureAwait(false);
        }

        MakeRoom();
        int room = _buffer.Length - _end;
        int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _ended = read == 0;
        _end += read;
        _size = read == room ? LargeBuffer : read <= SmallBuffer ? SmallBuffer : _size;
        _wantsMore = false;
        if (_start == _end)
        {
            Release();
        }
    }

    private void MakeRoom()
    {
        if (_end < _buffer.Length)
        {
            return;
        }

        int held = _end - _start;
        byte[] fresh = ArrayPool<byte>.Shared.Rent(Math.Max(_size, held + SmallBuffer));
        _buffer.AsSpan(_start, held).CopyTo(fresh);
        ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _start, _end) = (fresh, 0, held);
    }

    private ReadResult Take()
    {
        bool canceled = _cancelRequested;
        _cancelRequested = false;
        _given = new ReadOnlySequence<byte>(_buffer, _start, _end - _start);
        return new ReadResult(_given, canceled, _ended);
    }

    /// <summary>A source that is not cancelled: one serves all reads until somebody cancels. A used one is left to the collector: disposed, it would throw at who is about to cancel it too.</summary>
    private CancellationTokenSource CancelSource()
    {
        CancellationTokenSource? cancel = _cancel;
        if (cancel is null || cancel.IsCancellationRequested)
        {
            Volatile.Write(ref _cancel, cancel = new CancellationTokenSource());
            if (_cancelRequested)
            {
                cancel.Cancel(); // who asked in between saw the old one
            }
        }

        return cancel;
    }

    private void Release()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        (_start, _end) = (0, 0);
    }

    internal const int SmallBuffer = 2 * 1024;
    private const int LargeBuffer = 16 * 1024;
    private const int Free = 0;
    private const int Reading = 1;
    private const int Completed = 2;
}
