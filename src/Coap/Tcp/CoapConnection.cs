using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>
/// CoAP over a reliable transport (RFC 8323): any duplex pipe, be it a socket, TLS, a tunnel, a serial line or a test. Both ends are alike: each sends requests
/// and answers the other's, so a server may call a function of the device that opened the connection. Its members may be called from any thread.
/// </summary>
[SuppressMessage("Usage", "CA2213", Justification = "Semaphores and token sources without wait handles hold nothing; disposed, they would fail callers that are late.")]
public sealed partial class CoapConnection : ICoapAudience, IAsyncDisposable
{
    private readonly IDuplexPipe _transport;
    private readonly CoapConnectionOptions _options;
    private readonly CoapService? _service;
    private readonly CoapHandler? _handler;
    private readonly CoapHandler _send;
    private readonly CoapTcpSession _session;
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, PendingReply> _pending = [];
    private readonly SemaphoreSlim _sendTurn = new(1, 1);
    private readonly SemaphoreSlim _requestSlots;
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private uint _lastToken;

    private CoapConnection(IDuplexPipe transport, CoapConnectionOptions options, CoapService? service, ICoapPeer peer, string network)
    {
        _transport = transport;
        _options = options;
        _service = service;
        _handler = InstrumentedHandler.AroundServer(service?.Handler, network);
        _send = InstrumentedHandler.AroundClient((request, cancellationToken) => new(TransferAsync(request, cancellationToken)), network);
        Peer = peer;
        _session = new CoapTcpSession(options.MaxMessageSize, options.AllowMissingCsm);
        _requestSlots = new SemaphoreSlim(options.MaxRequestsInFlight);
        _start = options.TimeProvider.GetTimestamp();
    }

    /// <summary>The state (docs/spec/coap-profile.md section 4.1).</summary>
    public CoapTcpState State
    {
        get
        {
            lock (_gate)
            {
                return _session.State;
            }
        }
    }

    /// <summary>Why the connection ended; null while it has not.</summary>
    public CoapError? EndReason
    {
        get
        {
            lock (_gate)
            {
                return _session.State == CoapTcpState.Closed ? _session.EndReason : null;
            }
        }
    }

    /// <summary>What was wrong, for people; empty where nothing was. May hold text from the peer.</summary>
    public string EndDiagnostic
    {
        get
        {
            lock (_gate)
            {
                return _session.EndDiagnostic;
            }
        }
    }

    /// <summary>Ends when the connection has ended, for whatever reason; never faults.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Who the peer is, as the transport's owner told.</summary>
    public ICoapPeer Peer { get; }

    /// <summary>Begins to speak CoAP over a transport, which the connection completes at its end.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static CoapConnection Start(IDuplexPipe transport, CoapConnectionOptions? options = null)
    {
        options ??= new CoapConnectionOptions();
        return Begin(transport, options, CoapService.For(options.Handler, options.Router, options.HandlerFailed), options.Peer);
    }

    /// <summary>The same with what the transports of a server have in common.</summary>
    internal static CoapConnection Begin(IDuplexPipe transport, CoapConnectionOptions options, CoapService? service, ICoapPeer peer, string network = "pipe")
    {
        ArgumentNullException.ThrowIfNull(transport);
        options.Validate();
        var connection = new CoapConnection(transport, options, service, peer, network);
        _ = connection.RunAsync();
        return connection;
    }

    /// <summary>
    /// Sends a request and waits for its response, whatever its code. A body that is larger than a message goes in blocks, and a response's is put together (RFC 7959, RFC 8323 section 6).
    /// </summary>
    /// <exception cref="CoapException">There is no response, or none that can be understood.</exception>
    /// <exception cref="OperationCanceledException">Cancelled. The peer may have got the request all the same.</exception>
    public Task<CoapResponse> SendAsync(CoapRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return _send(request, cancellationToken).AsTask();
    }

    /// <summary>GET.</summary>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> GetAsync(string pathAndQuery, CancellationToken cancellationToken = default) =>
        SendAsync(new CoapRequest(CoapCode.Get, pathAndQuery), cancellationToken);

    /// <summary>POST.</summary>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> PostAsync(
        string pathAndQuery, ReadOnlyMemory<byte> payload, CoapContentFormat? format = null, CancellationToken cancellationToken = default) =>
        SendAsync(new CoapRequest(CoapCode.Post, pathAndQuery) { Payload = payload, ContentFormat = format }, cancellationToken);

    /// <summary>PUT.</summary>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> PutAsync(
        string pathAndQuery, ReadOnlyMemory<byte> payload, CoapContentFormat? format = null, CancellationToken cancellationToken = default) =>
        SendAsync(new CoapRequest(CoapCode.Put, pathAndQuery) { Payload = payload, ContentFormat = format }, cancellationToken);

    /// <summary>DELETE.</summary>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> DeleteAsync(string pathAndQuery, CancellationToken cancellationToken = default) =>
        SendAsync(new CoapRequest(CoapCode.Delete, pathAndQuery), cancellationToken);

    /// <summary>
    /// Sends a request with No-Response for every class of response (RFC 7967), and ends as soon as the transport has taken it.
    /// Whether the peer has processed it stays unknown.
    /// </summary>
    /// <exception cref="CoapException">The request could not be sent.</exception>
    public async Task SendWithoutResponseAsync(CoapRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        CoapNoResponse.SuppressAll(request);
        var token = new byte[sizeof(uint)];
        lock (_gate)
        {
            ThrowUnlessSendable();
            BinaryPrimitives.WriteUInt32BigEndian(token, NextToken());
        }

        await WriteAsync(request, request.Method, token, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>An event: POST with No-Response.</summary>
    /// <inheritdoc cref="SendWithoutResponseAsync" path="/exception"/>
    public Task PublishAsync(
        string pathAndQuery, ReadOnlyMemory<byte> payload, CoapContentFormat? format = null, CancellationToken cancellationToken = default) =>
        SendWithoutResponseAsync(new CoapRequest(CoapCode.Post, pathAndQuery) { Payload = payload, ContentFormat = format }, cancellationToken);

    /// <summary>Sends Ping and waits for Pong (RFC 8323 section 5.4).</summary>
    /// <exception cref="CoapException">No Pong came.</exception>
    public Task PingAsync(CancellationToken cancellationToken = default) => ExchangeAsync(CoapCode.Ping, EmptyMessage, isPing: true, cancellationToken);

    /// <summary>
    /// Sends Release, lets both sides finish what is under way, and ends (RFC 8323 section 5.5); after <see cref="CoapConnectionOptions.CloseTimeout"/> it ends regardless.
    /// </summary>
    public Task CloseAsync() => CloseAsync(_options.CloseTimeout, CancellationToken.None);

    /// <summary>The same within another time, or until the caller gives up waiting for a graceful end.</summary>
    internal async Task CloseAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        CoapTcpAction action;
        lock (_gate)
        {
            action = _session.OnCloseWanted();
        }

        try
        {
            if (action == CoapTcpAction.SendRelease)
            {
                await WriteAsync(EmptyMessage, CoapCode.Release, default, _ended.Token).ConfigureAwait(false);
            }

            await Completion.WaitAsync(timeout, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or CoapException or OperationCanceledException)
        {
            End("the peer did not close after Release");
            await Completion.ConfigureAwait(false);
        }
    }

    /// <summary>The same as <see cref="CloseAsync()"/>.</summary>
    public async ValueTask DisposeAsync() => await CloseAsync().ConfigureAwait(false);

    private async Task<CoapResponse> ExchangeAsync(CoapRequest request, CancellationToken cancellationToken)
    {
        await _requestSlots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            CoapResponse? response = await ExchangeAsync(request.Method, request, isPing: false, cancellationToken).ConfigureAwait(false);
            return response!;
        }
        finally
        {
            _requestSlots.Release();
        }
    }

    private async Task<CoapResponse?> ExchangeAsync(CoapCode code, CoapMessage message, bool isPing, CancellationToken cancellationToken)
    {
        var pending = new PendingReply(isPing);
        uint token;
        lock (_gate)
        {
            ThrowUnlessSendable();
            token = NextToken();
            _pending.Add(token, pending);
        }

        WakeReader();
        try
        {
            var tokenBytes = new byte[sizeof(uint)];
            BinaryPrimitives.WriteUInt32BigEndian(tokenBytes, token);
            await WriteAsync(message, code, tokenBytes, cancellationToken).ConfigureAwait(false);
            return await pending.Task.WaitAsync(_options.RequestTimeout, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new CoapException(CoapError.TimedOut, $"No answer within {_options.RequestTimeout}.", e);
        }
        finally
        {
            lock (_gate)
            {
                _pending.Remove(token);
                EndIfDrained();
            }
        }
    }

    /// <summary>Gives the whole message to the transport, or none of it. A notification to an observer that has gone in the meantime is not written.</summary>
    private async Task WriteAsync(CoapMessage message, CoapCode code, ReadOnlyMemory<byte> token, CancellationToken cancellationToken, Observer? observer = null)
    {
        await _sendTurn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (observer?.IsRemoved == true)
            {
                return;
            }

            Write(message, code, token.Span);
            await FlushAsync().ConfigureAwait(false);
        }
        finally
        {
            _sendTurn.Release();
        }
    }

    private void Write(CoapMessage message, CoapCode code, ReadOnlySpan<byte> token)
    {
        int limit;
        lock (_gate)
        {
            if (_session.State == CoapTcpState.Closed)
            {
                throw Ended();
            }

            limit = _session.SendLimit;
        }

        // Checked before the buffer is asked for, so that the peer's limit bounds our memory too.
        int length = int.MaxValue;
        if (message.Payload.Length <= limit)
        {
            message.TryWriteTcp(Room(message.TcpLengthBound), code, token, out length);
        }

        if (length > limit)
        {
            throw new CoapException(CoapError.MessageTooLarge, $"The message is larger than the {limit} bytes that the peer takes.");
        }

        _transport.Output.Advance(length);
    }

    private Span<byte> Room(int length)
    {
        try
        {
            return _transport.Output.GetSpan(length);
        }
        catch (Exception e)
        {
            throw Failed(e);
        }
    }

    /// <summary>Whatever a transport throws is the end of the connection, and told as such.</summary>
    private CoapException Failed(Exception e)
    {
        End(e.Message);
        return Ended();
    }

    private async ValueTask FlushAsync()
    {
        FlushResult result;
        try
        {
            ValueTask<FlushResult> flush = _transport.Output.FlushAsync(CancellationToken.None);
            if (flush.IsCompleted)
            {
                result = await flush.ConfigureAwait(false);
            }
            else
            {
                using ITimer timer = _options.TimeProvider.CreateTimer(
                    static output => ((PipeWriter)output!).CancelPendingFlush(), _transport.Output, _options.SendTimeout, Timeout.InfiniteTimeSpan);
                result = await flush.ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            throw Failed(e);
        }

        if (result.IsCanceled || result.IsCompleted)
        {
            End(result.IsCompleted ? "the transport takes no more" : "the transport did not take a message in time");
            throw Ended();
        }
    }

    private uint NextToken()
    {
        do
        {
            _lastToken = unchecked(_lastToken + 1);
        }
        while (_pending.ContainsKey(_lastToken) || _observations.ContainsKey(_lastToken));
        return _lastToken;
    }

    private void ThrowUnlessSendable()
    {
        if (_session.State is not CoapTcpState.AwaitingCsm and not CoapTcpState.Open)
        {
            throw Ended();
        }
    }

    private CoapException Ended()
    {
        lock (_gate)
        {
            CoapError reason = _session.EndReason ?? CoapError.Released;
            return new CoapException(reason, _session.EndDiagnostic.Length == 0 ? $"The connection has ended: {reason}." : $"The connection has ended: {reason}, {_session.EndDiagnostic}.");
        }
    }

    /// <summary>A request or a ping that waits for its answer; a ping's answer is null.</summary>
    private sealed class PendingReply(bool isPing) : TaskCompletionSource<CoapResponse?>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public bool IsPing => isPing;
    }

    private static readonly CoapMessage EmptyMessage = new CoapSignal();
}
