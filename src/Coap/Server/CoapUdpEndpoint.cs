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
    /// <param name="handler">Answers the peers' requests; null rejects each with a reset.</param>
    /// <param name="resources">What is observed over all transports; null where there is no handler.</param>
    public CoapUdpEndpoint(Socket socket, CoapUdpOptions options, CoapHandler? handler, CoapObservedResources? resources)
    {
        _socket = socket;
        _options = options;
        _handler = handler;
        _layer = new CoapMessageLayer(options.MessageLayer, RandomNumberGenerator.GetBytes(EntropyLength));
        _resources = resources;
        if (handler is not null)
        {
            var limits = new CoapUploadsOptions { Sizes = options.BlockSizes, MaxTransfers = options.MaxUploads };
            _bodies = new CoapBodies(handler, options.HandlerFailed, limits, options.MaxServedBytes, _layer, _closed.Token);
        }

        _observers = new CoapObservers(options.Observers, _layer);
        _outgoing = new byte[options.MessageLayer.MaxMessageSize];
        _start = options.TimeProvider.GetTimestamp();
        _nextIdleCheck = options.IdlePeerTimeout;
        _timer = options.TimeProvider.CreateTimer(static endpoint => ((CoapUdpEndpoint)endpoint!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _receiving = Task.Run(ReceiveAsync);
    }

    public EndPoint LocalEndPoint => _socket.LocalEndPoint!;

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
        _socket.Dispose();
        await _timer.DisposeAsync().ConfigureAwait(false);
        await _receiving.ConfigureAwait(false);
        lock (_gate)
        {
            foreach (CoapPeerHandle peer in _peers.Values)
            {
                _bodies?.RemovePeer(peer);
                _observers.RemovePeer(peer);
                _layer.RemovePeer(peer, Now());
            }

            _peers.Clear();
            Drain();
            LeaveResources();
        }
    }

    private async Task ReceiveAsync()
    {
        bool connected = _socket.Connected;
        var buffer = GC.AllocateUninitializedArray<byte>(MaxDatagram, pinned: true);
        var from = connected ? _socket.RemoteEndPoint!.Serialize() : new SocketAddress(_socket.AddressFamily);
        while (!_closed.IsCancellationRequested)
        {
            try
            {
                int length = connected
                    ? await _socket.ReceiveAsync(buffer, SocketFlags.None, _closed.Token).ConfigureAwait(false)
                    : await _socket.ReceiveFromAsync(buffer, SocketFlags.None, from, _closed.Token).ConfigureAwait(false);
                OnDatagram(buffer.AsSpan(0, length), from);
            }
            catch (SocketException e)
            {
                OnSocketError(e, connected ? from : null);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private void OnDatagram(ReadOnlySpan<byte> datagram, SocketAddress from)
    {
        IncomingRequest? request = null;
        lock (_gate)
        {
            TimeSpan now = Now();
            if (!TryGetPeer(from, now, out CoapPeerHandle peer))
            {
                return;
            }

            CoapReceived received = _layer.OnDatagram(peer, datagram, now);
            switch (received.Kind)
            {
                case CoapReceivedKind.Request:
                    request = Begin(received, peer, now);
                    break;
                case CoapReceivedKind.Response:
                case CoapReceivedKind.Notification:
                    ((PendingExchange)received.State!).OnResponse(received, now);
                    break;
                case CoapReceivedKind.Reset:
                    _observers.OnReset(peer, received.Message.MessageId);
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

    /// <summary>An ICMP error ends what is under way to that peer; without one the error says nothing about anybody.</summary>
    private void OnSocketError(SocketException e, SocketAddress? peerAddress)
    {
        if (peerAddress is null || e.SocketErrorCode is not (SocketError.ConnectionRefused or SocketError.ConnectionReset or SocketError.HostUnreachable or SocketError.NetworkUnreachable))
        {
            return;
        }

        lock (_gate)
        {
            if (_peers.TryGetValue(peerAddress, out CoapPeerHandle peer))
            {
                _layer.OnUnreachable(peer, Now());
                Drain();
            }
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
                RenewObservations(now);

                Drain();
            }
        }
    }

    /// <summary>Takes what the layer gives, and waits for its next deadline.</summary>
    private void Drain()
    {
        TakeAll();
        TimeSpan? deadline = Earlier(Earlier(_layer.NextDeadline, _bodies?.NextDeadline), Earlier(_observers.NextDeadline, NextRenewal()));
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
        while (_layer.TryTakeDatagram(out CoapPeerHandle peer, out ReadOnlyMemory<byte> datagram))
        {
            Send(_places[peer.Index], datagram.Span);
        }
    }

    private void Send(in PeerPlace place, ReadOnlySpan<byte> datagram)
    {
        try
        {
            if (_socket.Connected)
            {
                _socket.Send(datagram, SocketFlags.None);
            }
            else
            {
                _socket.SendTo(datagram, SocketFlags.None, place.Address!);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // A datagram that is not sent is a lost one; an ICMP error comes through the receiving loop as well.
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
            if (!_layer.TryTakeIdlePeer(now, TimeSpan.Zero, out CoapPeerHandle idle))
            {
                return false;
            }

            Forget(idle);
            if (!_layer.TryAddPeer(now, out peer))
            {
                return false;
            }
        }

        if (peer.Index >= _places.Length)
        {
            Array.Resize(ref _places, Math.Max(peer.Index + 1, 2 * _places.Length));
        }

        var copy = new SocketAddress(address.Family, address.Size);
        address.Buffer.Span[..address.Size].CopyTo(copy.Buffer.Span);
        _places[peer.Index] = new PeerPlace(copy, new CoapUdpPeer((IPEndPoint)(copy.Family == AddressFamily.InterNetworkV6 ? AnyV6 : AnyV4).Create(copy)));
        _peers.Add(copy, peer);
        return true;
    }

    private void Forget(CoapPeerHandle peer)
    {
        _bodies?.RemovePeer(peer);
        _peers.Remove(_places[peer.Index].Address!);
        _places[peer.Index] = default;
    }

    private TimeSpan Now() => _options.TimeProvider.GetElapsedTime(_start);

    private readonly record struct PeerPlace(SocketAddress? Address, CoapUdpPeer? Peer);

    // Implementation.
    private static readonly IPEndPoint AnyV4 = new(IPAddress.Any, 0);
    private static readonly IPEndPoint AnyV6 = new(IPAddress.IPv6Any, 0);
    private const int EntropyLength = 32;
    private const int MaxDatagram = 65536;
}
