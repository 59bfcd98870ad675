using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>
/// A UDP socket with a <see cref="CoapMessageLayer"/> on it, in both roles. One lock guards the layer; handlers run outside of it, on the receiving loop until
/// their first wait. A request that is answered at once allocates nothing.
/// </summary>
[SuppressMessage("Usage", "CA2213", Justification = "A token source without a wait handle holds nothing; disposed, it would fail handlers that are late.")]
internal sealed partial class CoapUdpEndpoint : ICoapAudience, IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly Socket? _errors;

    /// <summary>The one peer of a connected socket. The socket's own properties forget it after an error.</summary>
    private readonly SocketAddress? _only;
    private readonly CoapUdpOptions _options;
    private readonly CoapHandler? _handler;
    private readonly CoapMessageLayer _layer;
    private readonly Lock _gate = new();
    private readonly Dictionary<SocketAddress, CoapPeerHandle> _peers = [];
    private readonly CancellationTokenSource _closed = new();
    private readonly CoapBodies? _bodies;
    private readonly CoapObservedResources? _resources;
    private readonly byte[] _outgoing;
    private readonly long _start;
    private readonly ITimer _timer;
    private readonly Task _receiving;
    private PeerPlace[] _places = new PeerPlace[16];
    private TimeSpan? _timerDue;
    private TimeSpan _nextIdleCheck;

    /// <param name="socket">A bound socket, or a connected one that has a single peer. The endpoint owns it.</param>
    /// <param name="options">Validated options.</param>
    /// <param name="service">Answers the peers' requests; null rejects each with a reset.</param>
    public CoapUdpEndpoint(Socket socket, CoapUdpOptions options, CoapService? service)
    {
        _socket = socket;
        _only = socket.Connected ? socket.RemoteEndPoint!.Serialize() : null;
        _errors = CoapUdpSocket.ErrorsOf(socket);
        _options = options;
        _handler = InstrumentedHandler.AroundServer(service?.Handler, "udp");
        _layer = new CoapMessageLayer(options.MessageLayer, RandomNumberGenerator.GetBytes(EntropyLength));
        _resources = service?.Resources;
        if (service is not null)
        {
            var limits = new CoapUploadsOptions { Sizes = options.BlockSizes, MaxTransfers = options.MaxUploads };
            _bodies = new CoapBodies(_handler!, service.Router, options.HandlerFailed, limits, options.MaxServedBytes, _layer, _closed.Token);
        }

        _observers = new CoapObservers(options.Observers, _layer);
        _echo = new CoapEcho(RandomNumberGenerator.GetBytes(EntropyLength));
        _burstsIn = new QBlockUploads(options.QBlock, options.BlockSizes, _layer, RandomNumberGenerator.GetBytes(EntropyLength));
        _burstsOut = new QBlockServings(options.QBlock, _layer);
        _burstEntropy = new EntropySource(RandomNumberGenerator.GetBytes(EntropyLength));
        _outgoing = new byte[options.MessageLayer.MaxMessageSize];
        _start = options.TimeProvider.GetTimestamp();
        _nextIdleCheck = options.IdlePeerTimeout;
        _timer = options.TimeProvider.CreateTimer(static endpoint => ((CoapUdpEndpoint)endpoint!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        CoapEndpointTotals.Add(this);
        _receiving = _only is not null
            ? Task.Run(ReceiveAsync)
            : Task.Factory.StartNew(Receive, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public EndPoint LocalEndPoint => _socket.LocalEndPoint!;

    /// <summary>How many bodies are arriving in blocks, or are served and not to their end.</summary>
    public int BodyCount
    {
        get
        {
            lock (_gate)
            {
                return _bodies?.Count ?? 0;
            }
        }
    }

    /// <summary>Looks at the layer's counters and stores, under the lock.</summary>
    public T Inspect<T>(Func<CoapMessageLayer, T> look)
    {
        lock (_gate)
        {
            return look(_layer);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync().ConfigureAwait(false);
        lock (_gate)
        {
            _errors?.Dispose();
            _socket.Dispose();
        }

        await _timer.DisposeAsync().ConfigureAwait(false);
        await _receiving.ConfigureAwait(false);
        CoapEndpointTotals.Remove(this);
        lock (_gate)
        {
            foreach (CoapPeerHandle peer in _peers.Values)
            {
                _bodies?.RemovePeer(peer);
                _observers.RemovePeer(peer);
                _burstsIn.RemovePeer(peer);
                _burstsOut.RemovePeer(peer);
                _layer.RemovePeer(peer, Now());
            }

            _peers.Clear();
            Drain();
            LeaveResources();
            _echo.Dispose();
        }
    }

    /// <summary>Receives from one peer.</summary>
    private async Task ReceiveAsync()
    {
        var buffer = GC.AllocateUninitializedArray<byte>(MaxDatagram, pinned: true);
        int errors = 0;
        while (!_closed.IsCancellationRequested)
        {
            try
            {
                int length = await _socket.ReceiveAsync(buffer, SocketFlags.None, _closed.Token).ConfigureAwait(false);
                OnDatagram(buffer.AsSpan(0, length), _only!);
                errors = 0;
            }
            catch (SocketException)
            {
                OnReceiveError();
                if (++errors > MaxErrorsAtOnce)
                {
                    await Task.Delay(ErrorPause, _options.TimeProvider, CancellationToken.None).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    /// <summary>Receives from many, on a thread of its own that waits in the system call (decision 0116); disposing the socket ends the wait.</summary>
    private void Receive()
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(MaxDatagram, pinned: true);
        var from = new SocketAddress(_socket.AddressFamily);
        int errors = 0;
        while (!_closed.IsCancellationRequested)
        {
            try
            {
                if (_options.Groups.Count != 0)
                {
                    ReceiveWithGroups(buffer);
                }
                else
                {
                    int length = _socket.ReceiveFrom(buffer, SocketFlags.None, from);
                    OnDatagram(buffer.AsSpan(0, length), from);
                }

                errors = 0;
            }
            catch (SocketException)
            {
                OnReceiveError();
                if (++errors > MaxErrorsAtOnce)
                {
                    Thread.Sleep(ErrorPause);
                }
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }

    /// <summary>Errors that nothing sent explains must not keep a processor busy: who receives pauses after some of them.</summary>
    private void OnReceiveError()
    {
        lock (_gate)
        {
            OnSocketError(Now());
            Drain();
        }
    }

    private void OnDatagram(ReadOnlySpan<byte> datagram, SocketAddress from, bool multicast = false)
    {
        IncomingRequest? request = null;
        lock (_gate)
        {
            TimeSpan now = Now();
            if (!TryGetPeer(from, now, out CoapPeerHandle peer))
            {
                _layer.Counters.FromUnknownPeer++;
                return;
            }

            CoapReceived received = !multicast && IsAskedToEcho(datagram, peer, now) ? default : _layer.OnDatagram(peer, datagram, now, multicast);
            switch (received.Kind)
            {
                case CoapReceivedKind.Request:
                    request = Begin(received, peer, multicast, datagram.Length, now);
                    _working += request is null ? 0 : 1;
                    break;
                case CoapReceivedKind.Response:
                case CoapReceivedKind.Notification:
                    var pending = (PendingExchange)received.State!;
                    pending.From = peer;
                    pending.OnResponse(received, now);
                    break;
                case CoapReceivedKind.Reset:
                    _observers.OnReset(peer, received.Message.MessageId);
                    OnBurstReset(peer, received.Message.MessageId);
                    break;
                default:
                    break;
            }

            Drain();
        }

        if (request is not null)
        {
            Run(request);
        }
    }

    private void OnTimer()
    {
        lock (_gate)
        {
            _timerDue = null;
            TimeSpan now = Now();
            if (!_closed.IsCancellationRequested)
            {
                while (_layer.NextDeadline <= now)
                {
                    _layer.OnDeadline(now);
                    TakeAll();
                }

                _bodies?.OnDeadline(now);
                _observers.OnDeadline(now);
                OnBurstDeadline(now);
                RenewObservations(now);

                Drain();
            }
        }
    }

    /// <summary>Takes what the layer gives, and waits for its next deadline.</summary>
    private void Drain()
    {
        TakeAll();
        if (_hasErrors)
        {
            OnSocketError(Now());
            TakeAll();
        }

        TimeSpan? deadline = Earlier(Earlier(NextBurst(), _layer.NextDeadline), Earlier(_bodies?.NextDeadline, Earlier(_observers.NextDeadline, NextRenewal())));
        if (deadline is TimeSpan due && (_timerDue is null || due < _timerDue) && !_closed.IsCancellationRequested)
        {
            TimeSpan wait = due - Now();
            _timer.Change(wait > TimeSpan.Zero ? wait + TimeSpan.FromMilliseconds(1) : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
            _timerDue = due;
        }
    }

    private static TimeSpan? Earlier(TimeSpan? a, TimeSpan? b) => a is null || b < a ? b : a;

    private void TakeAll()
    {
        while (_layer.TryTakeEnded(out CoapEnded ended))
        {
            if (ended.State is PendingExchange pending)
            {
                pending.OnEnded(ended.Reason);
            }
            else
            {
                _observers.OnEnded(ended, Now());
            }
        }

        SendNotifications();
        LeaveResources();
        PumpBursts(Now());
        SendDatagrams();
    }

    private void SendDatagrams()
    {
        while (_layer.TryTakeDatagram(out CoapPeerHandle peer, out ReadOnlyMemory<byte> datagram))
        {
            Send(_places[peer.Index], datagram.Span);
        }
    }

    private void Send(in PeerPlace place, ReadOnlySpan<byte> datagram)
    {
        if (!TrySend(place, datagram))
        {
            // The error belongs to a datagram that was sent before; this one was not tried.
            _hasErrors = true;
            TrySend(place, datagram);
        }
    }

    private bool TrySend(in PeerPlace place, ReadOnlySpan<byte> datagram)
    {
        try
        {
            if (_only is not null)
            {
                _socket.Send(datagram, SocketFlags.None);
            }
            else
            {
                _socket.SendTo(datagram, SocketFlags.None, place.Address!);
            }

            return true;
        }
        catch (SocketException)
        {
            return false;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }

    private bool TryGetPeer(SocketAddress address, TimeSpan now, out CoapPeerHandle peer)
    {
        if (now >= _nextIdleCheck)
        {
            _nextIdleCheck = now + (_options.IdlePeerTimeout / 8);
            while (_layer.TryTakeIdlePeer(now, _options.IdlePeerTimeout, out CoapPeerHandle idle))
            {
                Forget(idle);
            }
        }

        if (_peers.TryGetValue(address, out peer))
        {
            return true;
        }

        if (!_layer.TryAddPeer(now, out peer))
        {
            if (!_layer.TryTakeIdlePeer(now, TimeSpan.Zero, out CoapPeerHandle idle) && !_layer.TryTakeStranger(IsStranger, out idle))
            {
                return false;
            }

            Forget(idle);
            if (!_layer.TryAddPeer(now, out peer))
            {
                return false;
            }
        }

        var copy = new SocketAddress(address.Family, address.Size);
        address.Buffer.Span[..address.Size].CopyTo(copy.Buffer.Span);
        var endPoint = (IPEndPoint)(copy.Family == AddressFamily.InterNetworkV6 ? AnyV6 : AnyV4).Create(copy);
        Place(peer, new PeerPlace { Address = copy, Peer = new CoapUdpPeer(endPoint), IsTrusted = _options.Echo.IsTrusted(Unmapped(endPoint)) });
        _peers.Add(copy, peer);
        return true;
    }

    private void Place(CoapPeerHandle peer, in PeerPlace place)
    {
        if (peer.Index >= _places.Length)
        {
            Array.Resize(ref _places, Math.Max(peer.Index + 1, 2 * _places.Length));
        }

        _places[peer.Index] = place;
    }

    /// <summary>IPv4 over a socket of both families, as IPv4.</summary>
    private static IPEndPoint Unmapped(IPEndPoint address) => address.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(address.Address.MapToIPv4(), address.Port) : address;

    private void Forget(CoapPeerHandle peer)
    {
        _bodies?.RemovePeer(peer);
        _peers.Remove(_places[peer.Index].Address!);
        _places[peer.Index] = default;
    }

    private TimeSpan Now() => _options.TimeProvider.GetElapsedTime(_start);

    private struct PeerPlace
    {
        public SocketAddress? Address;
        public CoapUdpPeer? Peer;

        /// <summary>Whether it need not show that it receives what is sent to it, and until when it has shown that.</summary>
        public bool IsTrusted;
        public TimeSpan VerifiedUntil;
    }

    // Implementation.
    private static readonly IPEndPoint AnyV4 = new(IPAddress.Any, 0);
    private static readonly IPEndPoint AnyV6 = new(IPAddress.IPv6Any, 0);
    private const int EntropyLength = 32;
    private const int MaxDatagram = 65536;
    private static readonly TimeSpan ErrorPause = TimeSpan.FromMilliseconds(100);
}
