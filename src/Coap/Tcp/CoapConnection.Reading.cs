using System;
using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

// The reading half: one loop, from the CSM to the end.
public sealed partial class CoapConnection
{
    private byte[] _scratch = [];
    private bool _abortWanted;

    private async Task RunAsync()
    {
        string diagnostic = "";
        CoapInstruments.Connections.Add(1);
        ITimer csmTimer = _options.TimeProvider.CreateTimer(
            static connection => ((CoapConnection)connection!).OnCsmOverdue(), this, _options.CsmTimeout, Timeout.InfiniteTimeSpan);
        try
        {
            await WriteAsync(OwnCsm(), CoapCode.Csm, default, _ended.Token).ConfigureAwait(false);
            await ReadAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // A transport may throw whatever it likes; each exception means that the connection is lost.
        catch (Exception e)
#pragma warning restore CA1031
        {
            diagnostic = e.Message;
        }

        await csmTimer.DisposeAsync().ConfigureAwait(false);
        CoapInstruments.Connections.Add(-1);
        await FinishAsync(diagnostic).ConfigureAwait(false);
    }

    private async Task ReadAsync()
    {
        PipeReader input = _transport.Input;
        while (true)
        {
            ReadResult result = await input.ReadAsync(CancellationToken.None).ConfigureAwait(false);
            ReadOnlySequence<byte> rest = result.Buffer;
            while (TryTake(ref rest, out CoapTcpAction action, out CoapRequest? request, out byte[] token))
            {
                if (action == CoapTcpAction.Handle)
                {
                    await StartHandlerAsync(request!, token).ConfigureAwait(false);
                }
                else if (action == CoapTcpAction.SendPong)
                {
                    await WriteAsync(OwnPong(request!), CoapCode.Pong, token, _ended.Token).ConfigureAwait(false);
                }
            }

            input.AdvanceTo(rest.Start, rest.End);
            if (result.IsCompleted || State == CoapTcpState.Closed)
            {
                return;
            }
        }
    }

    /// <summary>Takes the first message off <paramref name="rest"/>, and does all about it that needs no waiting.</summary>
    /// <returns>False where there is no whole message, or the connection has ended.</returns>
    private bool TryTake(ref ReadOnlySequence<byte> rest, out CoapTcpAction action, out CoapRequest? request, out byte[] token)
    {
        action = CoapTcpAction.None;
        request = null;
        token = [];
        var limits = new CoapTcpLimits(_options.MaxMessageSize, CoapHeader.MaxTokenLength);
        if (rest.IsEmpty || State == CoapTcpState.Closed)
        {
            return false;
        }

        ReserveScratch(rest, limits);
        CoapReadStatus status = CoapTcpMessageReader.TryRead(rest, limits, _scratch, out CoapTcpMessageReader message, out int consumed);
        if (status == CoapReadStatus.NeedMoreData)
        {
            return false;
        }

        lock (_gate)
        {
            action = status == CoapReadStatus.Ok ? _session.OnMessage(message) : OnMalformed(status);
            if (action == CoapTcpAction.SendAbort)
            {
                _abortWanted = true;
                return false;
            }

            if (action is CoapTcpAction.CompleteRequest or CoapTcpAction.CompletePing)
            {
                Complete(message, action == CoapTcpAction.CompletePing);
            }

            if (_session.HasPeerSettings)
            {
                _settled.TrySetResult();
            }

            EndIfDrained();
        }

        if (action is CoapTcpAction.Handle or CoapTcpAction.SendPong)
        {
            token = message.Token.ToArray();
            request = new CoapRequest(message.Code, CopyOptions(message, out ReadOnlyMemory<byte> payload), payload, Peer);
        }

        rest = rest.Slice(consumed);
        return true;
    }

    private CoapTcpAction OnMalformed(CoapReadStatus status)
    {
        CoapEndpointTotals.CountMalformed(status);
        return _session.OnFault($"malformed: {status}");
    }

    /// <summary>Makes room for a message that lies in several pieces, once it is all there.</summary>
    private void ReserveScratch(in ReadOnlySequence<byte> rest, CoapTcpLimits limits)
    {
        if (!rest.IsSingleSegment
            && CoapTcpMessageReader.TryReadLength(rest, limits, out int length) == CoapReadStatus.Ok
            && length <= rest.Length && length > _scratch.Length)
        {
            ArrayPool<byte>.Shared.Return(_scratch);
            _scratch = ArrayPool<byte>.Shared.Rent(length);
        }
    }

    private void Complete(in CoapTcpMessageReader message, bool isPong)
    {
        // A late response, or one that nobody asked for, matches nothing and is ignored (RFC 7252 section 5.3.2).
        if (message.Token.Length != sizeof(uint))
        {
            return;
        }

        uint token = BinaryPrimitives.ReadUInt32BigEndian(message.Token);
        if (!isPong && _observations.TryGetValue(token, out CoapObservationFeed? feed))
        {
            CompleteObservation(message, feed);
            return;
        }

        if (!_pending.TryGetValue(token, out PendingReply? pending) || pending.IsPing != isPong)
        {
            return;
        }

        if (isPong)
        {
            pending.TrySetResult(null);
        }
        else if (CoapCriticalOptions.TryFindUnrecognized(message.Options, CoapCriticalOptions.InResponses, _options.CriticalOptions, out CoapOptionNumber number))
        {
            pending.TrySetException(new CoapException(CoapError.UnrecognizedOption, $"The response has the critical option {(int)number}."));
        }
        else
        {
            pending.TrySetResult(new CoapResponse(message.Code, CopyOptions(message, out ReadOnlyMemory<byte> payload), payload));
        }
    }

    private static CoapOptionList CopyOptions(in CoapTcpMessageReader message, out ReadOnlyMemory<byte> payload)
    {
        ReadOnlySpan<byte> options = message.Options.Encoded;
        var copy = new byte[options.Length + message.Payload.Length];
        options.CopyTo(copy);
        message.Payload.CopyTo(copy.AsSpan(options.Length));
        payload = copy.AsMemory(options.Length);
        return new CoapOptionList(copy, 0, options.Length);
    }

    private CoapSignal OwnCsm()
    {
        var csm = new CoapSignal();
        csm.Options.Add(CoapSignallingOption.MaxMessageSize, (uint)_options.MaxMessageSize);
        csm.Options.Add(CoapSignallingOption.BlockWiseTransfer);
        return csm;
    }

    /// <summary>Custody is promised only where it was asked for and everything before the Ping is done (RFC 8323 section 5.4.1).</summary>
    private CoapSignal OwnPong(CoapRequest ping)
    {
        var pong = new CoapSignal();
        if (ping.Options.TryFind(CoapSignallingOption.Custody, out _) && Volatile.Read(ref _handlers) == 0)
        {
            pong.Options.Add(CoapSignallingOption.Custody);
        }

        return pong;
    }

    private void OnCsmOverdue()
    {
        lock (_gate)
        {
            if (_session.State == CoapTcpState.AwaitingCsm && !_options.AllowMissingCsm)
            {
                _abortWanted = _session.OnFault("no CSM in time (RFC 8323 section 5.3)") == CoapTcpAction.SendAbort;
                Wake();
            }
        }
    }

    /// <summary>Ends at once; what is under way fails.</summary>
    private void End(string diagnostic)
    {
        lock (_gate)
        {
            _session.OnEndOfStream(diagnostic);
            Wake();
        }
    }

    private void EndIfDrained()
    {
        if (_pending.Count == 0 && _handlers == 0 && _session.State == CoapTcpState.Releasing)
        {
            _session.OnDrained();
            if (_session.State == CoapTcpState.Closed)
            {
                Wake();
            }
        }
    }

    /// <summary>Lets whoever waits for the transport, or for a handler, look at the state again.</summary>
    private void Wake()
    {
        _transport.Input.CancelPendingRead();
        _transport.Output.CancelPendingFlush();
        WakeReader();
    }

    private async Task FinishAsync(string diagnostic)
    {
        PendingReply[] unanswered;
        lock (_gate)
        {
            _session.OnEndOfStream(diagnostic);
            unanswered = [.. _pending.Values];
            _transport.Output.CancelPendingFlush();
        }

        await _ended.CancelAsync().ConfigureAwait(false);
        _settled.TrySetResult();
        EndObserving();
        EndBodies();
        foreach (PendingReply pending in unanswered)
        {
            pending.TrySetException(Ended());
        }

        await _sendTurn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await SendAbortAsync().ConfigureAwait(false);
            await _transport.Output.CompleteAsync().ConfigureAwait(false);
            await _transport.Input.CompleteAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The connection has ended already; what a broken transport says now changes nothing.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
        finally
        {
            _sendTurn.Release();
            ArrayPool<byte>.Shared.Return(_scratch);
            _completion.SetResult();
        }
    }

    private async Task SendAbortAsync()
    {
        if (!_abortWanted)
        {
            return;
        }

        var abort = new CoapSignal { Payload = Encoding.UTF8.GetBytes(_session.EndDiagnostic) };
        if (_session.BadCsmOption is CoapOptionNumber bad)
        {
            abort.Options.Add(CoapSignallingOption.BadCsmOption, (uint)bad);
        }

        abort.TryWriteTcp(_transport.Output.GetSpan(abort.TcpLengthBound), CoapCode.Abort, default, out int length);
        _transport.Output.Advance(length);
        using ITimer timer = _options.TimeProvider.CreateTimer(
            static output => ((PipeWriter)output!).CancelPendingFlush(), _transport.Output, _options.CloseTimeout, Timeout.InfiniteTimeSpan);
        if ((await _transport.Output.FlushAsync(CancellationToken.None).ConfigureAwait(false)).IsCanceled)
        {
            // The first flush may have met the cancellation that woke another writer.
            await _transport.Output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }
}
