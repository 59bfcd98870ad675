using Flint.Coap.Tests.Exchange;
using Flint.Testing;

namespace Flint.Coap.Tests.Observe;

/// <summary>A client observes a counter through a bad network: what it sees never goes back, it ends at the last value, and nothing is left on either side.</summary>
public sealed class SimulationTests
{
    private static readonly byte[] Token = [0x0b];

    private VirtualNetwork _network = null!;
    private int _clientNode;
    private int _serverNode;
    private CoapMessageLayer _client = null!;
    private CoapMessageLayer _server = null!;
    private CoapPeerHandle _toServer;
    private CoapPeerHandle _toClient;
    private CoapObservation _observation = null!;
    private CoapObservers _observers = null!;
    private CoapSendHandle _request;
    private int _resource;
    private byte _value;
    private readonly List<byte> _seen = [];

    public static TheoryData<int> Seeds => [.. Enumerable.Range((int)PropertyRunner.Seed, 10)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Observation_ThroughLossAndReordering_EndsAtTheLastValue(int seed) => Observe(seed, _ => { });

    /// <summary>An identity stands behind the address: a NAT that forgets costs the datagrams on their way, not the observation.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Observer_ChangingItsAddress_EndsAtTheLastValue(int seed) => Observe(seed, i =>
    {
        if (i % 3 == 0)
        {
            _network.Rebind(_clientNode);
        }
    });

    /// <summary>A server that has forgotten its observers, and begins to count anew, has them again after the next renewal.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Server_Restarting_HasItsObserverAgain(int seed) => Observe(seed, i =>
    {
        if (i % 15 == 14)
        {
            StartServer(new Random(seed + i));
        }
    });

    private void Observe(int seed, Action<int> meanwhile)
    {
        var faults = new VirtualNetworkFaults { Loss = 0.25, Duplication = 0.2, MinDelay = TimeSpan.FromMilliseconds(10), MaxDelay = TimeSpan.FromSeconds(6) };
        Start(seed, faults);
        for (int i = 0; i < 40; i++)
        {
            RunUntil(_network.Now + TimeSpan.FromSeconds(new Random(seed + i).Next(1, 12)));
            meanwhile(i);
            _value++;
            _observers.Notify(_resource, _network.Now);
        }

        // Without further changes the renewals bring the last value, even where every notification of it was lost.
        RunUntil(_network.Now + TimeSpan.FromMinutes(30));
        if (_observation.State != CoapObservationState.Ended)
        {
            Assert.Equal(_value, _seen[^1]);
            Assert.True(_observation.TryDeregister());
            if (!_client.TryRepeat(_request, Get(1), false, null, _network.Now))
            {
                // A renewal is under way: the client just forgets its token.
                Assert.True(_client.Cancel(_request, _network.Now));
                _observation.OnFailed();
            }
        }

        RunUntil(_network.Now + TimeSpan.FromMinutes(30));
        Assert.True(_seen.Count > 3);
        Assert.Equal(_seen.Order(), _seen);
        Assert.Equal(CoapObservationState.Ended, _observation.State);
        _observers.RemovePeer(_toClient);
        Assert.True(_client.IsEmpty);
        Assert.True(_server.IsEmpty);
        Assert.Null(_observers.NextDeadline);
    }

    private void Start(int seed, VirtualNetworkFaults faults)
    {
        var random = new Random(seed);
        _network = new VirtualNetwork(seed, faults);
        _clientNode = _network.AddNode();
        _serverNode = _network.AddNode();
        _client = new CoapMessageLayer(new CoapMessageLayerOptions(), NewEntropy(random));
        _client.TryAddPeer(TimeSpan.Zero, out _toServer);
        _observation = new CoapObservation(NewEntropy(random));
        StartServer(random);
        Assert.Equal(CoapSendStatus.Ok, _client.TryRequest(_toServer, Get(0), true, null, _observation, _network.Now, out _request));
        Drain();
    }

    private void StartServer(Random random)
    {
        _server = new CoapMessageLayer(new CoapMessageLayerOptions(), NewEntropy(random));
        _server.TryAddPeer(_network.Now, out _toClient);
        _observers = new CoapObservers(new CoapObserversOptions { ConfirmableEvery = 3 }, _server);
        _observers.TryAddResource(out _resource);
    }

    private static byte[] NewEntropy(Random random)
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return bytes;
    }

    private void RunUntil(TimeSpan end)
    {
        while (true)
        {
            TimeSpan?[] times = [_network.NextArrival, _client.NextDeadline, _server.NextDeadline, _observation.NextDeadline, _observers.NextDeadline];
            TimeSpan next = times.Min() ?? end;
            if (next > end)
            {
                break;
            }

            _network.AdvanceTo(next > _network.Now ? next : _network.Now);
            while (_network.TryReceive(out VirtualDatagram datagram))
            {
                if (datagram.To == _serverNode)
                {
                    ReceiveAtServer(datagram.Bytes);
                }
                else
                {
                    ReceiveAtClient(datagram.Bytes);
                }

                Drain();
            }

            _client.OnDeadline(_network.Now);
            _server.OnDeadline(_network.Now);
            _observers.OnDeadline(_network.Now);
            if (_observation.TryRenew(_network.Now))
            {
                Assert.True(_client.TryRepeat(_request, Get(0), true, null, _network.Now));
            }

            Drain();
            if (times.Min() is null)
            {
                break;
            }
        }

        _network.AdvanceTo(end > _network.Now ? end : _network.Now);
    }

    private void ReceiveAtClient(byte[] datagram)
    {
        CoapReceived received = _client.OnDatagram(_toServer, datagram, _network.Now);
        if (received.Kind is CoapReceivedKind.Notification or CoapReceivedKind.Response)
        {
            CoapNotificationKind kind = _observation.OnResponse(received.Message, _network.Now);
            if (kind == CoapNotificationKind.Fresh)
            {
                _seen.Add(received.Message.Payload[0]);
            }
            else if (kind == CoapNotificationKind.Last && received.Kind == CoapReceivedKind.Notification)
            {
                _client.Cancel(received.Sent, _network.Now);
            }
        }
    }

    private void ReceiveAtServer(byte[] datagram)
    {
        CoapReceived received = _server.OnDatagram(_toClient, datagram, _network.Now);
        if (received.Kind == CoapReceivedKind.Reset)
        {
            _observers.OnReset(_toClient, received.Message.MessageId);
        }
        else if (received.Kind == CoapReceivedKind.Request)
        {
            Assert.True(received.Message.Options.TryFind(CoapOptionNumber.Observe, out CoapOption observe));
            Assert.True(observe.TryGetUInt32(out uint value));
            (CoapOptionNumber, uint)[] options = [];
            if (value == 0)
            {
                _observers.Register(_resource, _toClient, received.Message.Token, null, _network.Now, out _, out uint sequence);
                options = [(CoapOptionNumber.Observe, sequence)];
            }
            else
            {
                _observers.Deregister(_toClient, received.Message.Token);
            }

            _server.TryRespond(received.Exchange, Datagrams.Response(CoapCode.Content, "0b", payload: [_value], options: options), _network.Now);
        }
    }

    private void Drain()
    {
        while (_server.TryTakeEnded(out CoapEnded ended))
        {
            _observers.OnEnded(ended, _network.Now);
        }

        while (_observers.TryTakeNotification(_network.Now, out CoapNotification notification))
        {
            byte[] message = Datagrams.Response(CoapCode.Content, "0b", payload: [_value], options: (CoapOptionNumber.Observe, notification.Sequence));
            if (notification.Replaces is CoapSendHandle old)
            {
                Assert.True(_server.TryReplace(old, message));
                _observers.OnReplaced(notification.Observer);
            }
            else if (!notification.IsConfirmable)
            {
                Assert.Equal(CoapSendStatus.Ok, _server.TrySendNonConfirmable(_toClient, message, _network.Now, out ushort id));
                _observers.OnSentNonConfirmable(notification.Observer, id, _network.Now);
            }
            else
            {
                Assert.Equal(CoapSendStatus.Ok, _server.TrySendConfirmable(_toClient, message, this, _network.Now, out CoapSendHandle handle));
                _observers.OnSentConfirmable(notification.Observer, handle, _network.Now);
            }
        }

        while (_server.TryTakeDatagram(out _, out ReadOnlyMemory<byte> datagram))
        {
            _network.Send(_serverNode, _network.AddressOf(_clientNode), datagram.Span);
        }

        while (_client.TryTakeEnded(out _))
        {
            _observation.OnFailed();
        }

        while (_client.TryTakeDatagram(out _, out ReadOnlyMemory<byte> datagram))
        {
            _network.Send(_clientNode, _network.AddressOf(_serverNode), datagram.Span);
        }
    }

    private static byte[] Get(uint observe) => Datagrams.Request(CoapCode.Get, Convert.ToHexString(Token), options: (CoapOptionNumber.Observe, observe));
}
