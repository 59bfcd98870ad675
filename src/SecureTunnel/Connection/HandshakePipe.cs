using System;
using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.SecureTunnel;

/// <summary>The transport during a handshake: whole frames in, bytes out, a deadline over both.</summary>
internal sealed class HandshakePipe : IDisposable
{
    private readonly IDuplexPipe _transport;
    private readonly TimeProvider _time;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenSource _stop;
    private readonly long _started;
    private byte[] _frame = []; // until a whole one has come: a peer that falls silent before costs nothing here
    private int _frameLength;

    public HandshakePipe(IDuplexPipe transport, TimeProvider time, CancellationToken caller)
    {
        _transport = transport;
        _time = time;
        _caller = caller;
        _deadline = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time); // its timer may fire while it is disposed: it knows what to do then
        _stop = CancellationTokenSource.CreateLinkedTokenSource(caller, _deadline.Token);
        _started = time.GetTimestamp();
        Output = new TransportWriter(transport.Output);
    }

    public TransportWriter Output { get; }

    /// <summary>The frame that <see cref="ReadFrameAsync"/> has read.</summary>
    public Span<byte> Frame => _frame.AsSpan(0, _frameLength);

    /// <summary>Signalled at the deadline, or by the caller.</summary>
    public CancellationToken Stop => _stop.Token;

    public TunnelTime Now => _time.Now();

    public long BytesReceived { get; private set; }

    /// <summary>True where the deadline passed, and not the caller gave up.</summary>
    public bool IsLate => _stop.IsCancellationRequested && !_caller.IsCancellationRequested;

    /// <summary>Sets the deadline, in milliseconds of the monotonic clock.</summary>
    public void SetDeadline(long deadline) => _deadline.CancelAfter(TimeSpan.FromMilliseconds(Math.Max(0, deadline - Now.Milliseconds)));

    /// <summary>Sends what was written, then reads one frame into <see cref="Frame"/>.</summary>
    /// <returns>Truncated at the end of the stream.</returns>
    public async ValueTask<FrameStatus> ReadFrameAsync(int maxBody)
    {
        await _transport.Output.FlushAsync(Stop).ConfigureAwait(false);
        while (true)
        {
            ReadResult result = await _transport.Input.ReadAsync(Stop).ConfigureAwait(false);
            FrameStatus status = SecureTunnel.Frame.TryRead(result.Buffer, maxBody, out _frameLength);
            if (status == FrameStatus.Ok)
            {
                ReadOnlySequence<byte> frame = result.Buffer.Slice(0, _frameLength);
                _frame = _frame.Length > 0 ? _frame : ArrayPool<byte>.Shared.Rent(ProtocolLimits.HeaderSize + ProtocolLimits.MaxClientHello);
                frame.CopyTo(_frame);
                BytesReceived += _frameLength;
                _transport.Input.AdvanceTo(frame.End);
                return FrameStatus.Ok;
            }

            _transport.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (status != FrameStatus.Truncated || result.IsCompleted)
            {
                return status;
            }

            if (result.IsCanceled)
            {
                throw new OperationCanceledException("The transport's pending read was cancelled.");
            }
        }
    }

    /// <summary>Sends what was written.</summary>
    public ValueTask<FlushResult> FlushAsync() => _transport.Output.FlushAsync(Stop);

    /// <summary>Hands the transport over to the tunnel.</summary>
    public SecureTunnelConnection Connect(TunnelSession session, SecureTunnelPeer peer, SecureTunnelSuite suite, bool resumed, int paddingBlock, int sendBuffer)
    {
        var handshake = new SecureTunnelStatistics(
            BytesReceived, Output.Count, _time.GetElapsedTime(_started), BytesReceived, Output.Count, RecordsReceived: 0, RecordsSent: 0);
        return new SecureTunnelConnection(_transport, Output, session, peer, suite, resumed, handshake, paddingBlock, sendBuffer, _time);
    }

    /// <summary>Sends the alert if the peer takes it within a second, and ends the transport.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "The failure that led here is the one to report, whatever a transport throws; a peer that is gone needs no alert.")]
    public async ValueTask AbandonAsync()
    {
        using var patience = new CancellationTokenSource(AlertPatience, _time);
        Exception? unsent = null;
        try
        {
            await _transport.Output.FlushAsync(patience.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            unsent = e;
        }

        try
        {
            await EndAsync(_transport, unsent).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // as above
        }
    }

    /// <summary>Ends both directions of a transport, and a read that would wait for ever; each step whatever the one before it throws.</summary>
    /// <param name="transport">The transport.</param>
    /// <param name="unsent">Why it has not taken everything: without an exception it would send the rest, however long that takes.</param>
    public static async ValueTask EndAsync(IDuplexPipe transport, Exception? unsent)
    {
        try
        {
            await transport.Output.CompleteAsync(unsent).ConfigureAwait(false);
        }
        finally
        {
            try
            {
                transport.Input.CancelPendingRead();
            }
            finally
            {
                await transport.Input.CompleteAsync().ConfigureAwait(false);
            }
        }
    }

    public void Dispose()
    {
        _stop.Dispose();
        _deadline.Dispose();
        ArrayPool<byte>.Shared.Return(_frame, clearArray: true);
    }

    internal static readonly TimeSpan AlertPatience = TimeSpan.FromSeconds(1);
}
