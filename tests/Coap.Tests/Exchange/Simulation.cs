using System.Buffers.Binary;
using Flint.Testing;

namespace Flint.Coap.Tests.Exchange;

/// <summary>
/// Clients and one server on a virtual network. Every request carries a number; the server counts how often it acts on each and answers with the
/// payload turned round, at once, late, with nothing or with a reset. The clients count the outcomes.
/// </summary>
internal sealed class Simulation
{
    private readonly VirtualNetwork _network;
    private readonly Random _random;
    private readonly CoapMessageLayerOptions _options;
    private readonly int _serverNode;
    private readonly Dictionary<int, CoapPeerHandle> _peerOfClient = [];
    private readonly Dictionary<CoapPeerHandle, int> _addressOfPeer = [];
    private readonly List<Client> _clients = [];
    private readonly VirtualSimulation _simulation;
    private readonly Dictionary<uint, byte[]> _payloads = [];
    private CoapMessageLayer _server;
    private int _restarts;
    private uint _requests;

    public Simulation(int seed, VirtualNetworkFaults faults, int clients, CoapMessageLayerOptions? options = null)
    {
        _network = new VirtualNetwork(seed, faults);
        _simulation = new VirtualSimulation(_network, Drain);
        _random = new Random(seed);
        _options = options ?? new CoapMessageLayerOptions { NStart = 1 + _random.Next(4), ProbingRate = 1000 };
        _serverNode = _simulation.AddNode(ReceiveAtServer);
        _server = NewLayer();
        _simulation.AddMachine(() => _server.NextDeadline, now => _server.OnDeadline(now));
        for (int i = 0; i < clients; i++)
        {
            CoapMessageLayer layer = NewLayer();
            layer.TryAddPeer(_network.Now, out CoapPeerHandle server);
            int place = i;
            int node = _simulation.AddNode(datagram => ReceiveAtClient(_clients[place], datagram));
            _simulation.AddMachine(() => layer.NextDeadline, layer.OnDeadline);
            _clients.Add(new Client(node, layer, server));
        }
    }

    /// <summary>How often the server acted on each request with a method that is not idempotent.</summary>
    public Dictionary<uint, int> Executions { get; } = [];

    /// <summary>What the clients were told of each request.</summary>
    public Dictionary<uint, List<string>> Outcomes { get; } = [];

    /// <summary>Whether the bytes that arrive are those that were sent.</summary>
    public bool ChecksBodies { get; init; } = true;

    public long Duplicates => _server.Counters.Duplicates + _clients.Sum(client => client.Layer.Counters.Duplicates);

    /// <summary>Plans requests at random times within a span.</summary>
    public void PlanRequests(int count, TimeSpan span)
    {
        for (int i = 0; i < count; i++)
        {
            Client client = _clients[_random.Next(_clients.Count)];
            _simulation.Plan(span * _random.NextDouble(), () => Send(client));
        }
    }

    /// <summary>Plans that a client gets a new address; the server recognises it all the same.</summary>
    public void PlanRebinding(int client, TimeSpan at) => _simulation.Plan(at, () => _network.Rebind(_clients[client].Node));

    /// <summary>Plans that the server forgets everything.</summary>
    public void PlanRestart(TimeSpan at) => _simulation.Plan(at, () =>
    {
        _restarts++;
        _peerOfClient.Clear();
        _addressOfPeer.Clear();
        _server = NewLayer();
    });

    /// <summary>How many datagrams the network dropped because their checksum was wrong.</summary>
    public long CorruptionsFound => _network.CorruptionsFound;

    /// <summary>Runs until nothing is to come.</summary>
    public void Run() => _simulation.Run();

    /// <summary>The invariants that hold whatever the network does.</summary>
    public void AssertInvariants(bool atMostOnce = true)
    {
        Assert.Equal((int)_requests, Outcomes.Count);
        Assert.All(Outcomes, outcome => Assert.Single(outcome.Value));
        if (atMostOnce)
        {
            Assert.All(Executions, execution => Assert.Equal(1, execution.Value));
        }

        Assert.True(_server.IsEmpty);
        Assert.All(_clients, client => Assert.True(client.Layer.IsEmpty));
    }

    private void Send(Client client)
    {
        uint number = _requests++;
        var payload = new byte[_random.Next(4, 1000)];
        _random.NextBytes(payload);
        BinaryPrimitives.WriteUInt32BigEndian(payload, number);
        _payloads[number] = payload;
        CoapType type = _random.Next(4) == 0 ? CoapType.NonConfirmable : CoapType.Confirmable;
        byte[] request = Datagrams.Request(_random.Next(2) == 0 ? CoapCode.Get : CoapCode.Post, $"{number:x8}", type, 0, payload);
        CoapSendStatus status = client.Layer.TryRequest(client.Server, request, false, null, number, _network.Now, out _);
        if (status != CoapSendStatus.Ok)
        {
            Tell(number, status.ToString());
        }

        Drain();
    }

    private void ReceiveAtClient(Client client, VirtualDatagram datagram)
    {
        CoapReceived received = client.Layer.OnDatagram(client.Server, datagram.Bytes, _network.Now);
        if (received.Kind == CoapReceivedKind.Request)
        {
            // A flipped bit has made one of a response.
            client.Layer.Reject(received.Exchange, _network.Now);
        }
        else if (received.Kind == CoapReceivedKind.Response)
        {
            uint number = (uint)received.State!;
            Tell(number, received.Message.Code.ToDotted());
            if (ChecksBodies && received.Message.Code == CoapCode.Content)
            {
                Assert.Equal(Enumerable.Reverse(_payloads[number]), received.Message.Payload.ToArray());
            }
        }
    }

    private void ReceiveAtServer(VirtualDatagram datagram)
    {
        // The client's node stands for an identity that the transport has authenticated.
        int client = _clients.FindIndex(client => _network.AddressOf(client.Node) == datagram.From);
        if (client < 0)
        {
            return;
        }

        if (!_peerOfClient.TryGetValue(client, out CoapPeerHandle peer))
        {
            Assert.True(_server.TryAddPeer(_network.Now, out peer));
            _peerOfClient[client] = peer;
        }

        _addressOfPeer[peer] = datagram.From;
        CoapReceived received = _server.OnDatagram(peer, datagram.Bytes, _network.Now);
        if (received.Kind != CoapReceivedKind.Request)
        {
            return;
        }

        if (received.Message.Payload.Length < sizeof(uint))
        {
            _server.Reject(received.Exchange, _network.Now);
            return;
        }

        if (!received.Message.Code.IsIdempotent())
        {
            uint number = BinaryPrimitives.ReadUInt32BigEndian(received.Message.Payload);
            Executions[number] = Executions.GetValueOrDefault(number) + 1;
        }

        Answer(received.Exchange, Convert.ToHexString(received.Message.Token), [.. Enumerable.Reverse(received.Message.Payload.ToArray())]);
    }

    private void Answer(CoapExchangeHandle exchange, string token, byte[] payload)
    {
        int restarts = _restarts;
        switch (_random.Next(20))
        {
            case 0:
                _server.RespondNothing(exchange, _network.Now);
                break;
            case 1:
                _server.Reject(exchange, _network.Now);
                break;
            case < 8:
                _simulation.Plan(TimeSpan.FromSeconds(4 * _random.NextDouble()), () =>
                {
                    if (restarts == _restarts)
                    {
                        _server.TryRespond(exchange, Datagrams.Response(CoapCode.Content, token, payload: payload), _network.Now);
                        Drain();
                    }
                });
                break;
            default:
                _server.TryRespond(exchange, Datagrams.Response(CoapCode.Content, token, payload: payload), _network.Now);
                break;
        }
    }

    private void Drain()
    {
        while (_server.TryTakeDatagram(out CoapPeerHandle peer, out ReadOnlyMemory<byte> datagram))
        {
            _network.Send(_serverNode, _addressOfPeer[peer], datagram.Span);
        }

        foreach (Client client in _clients)
        {
            while (client.Layer.TryTakeDatagram(out _, out ReadOnlyMemory<byte> datagram))
            {
                _network.Send(client.Node, _network.AddressOf(_serverNode), datagram.Span);
            }

            while (client.Layer.TryTakeEnded(out CoapEnded ended))
            {
                Tell((uint)ended.State!, ended.Reason.ToString());
            }
        }
    }

    private void Tell(uint number, string outcome)
    {
        if (!Outcomes.TryGetValue(number, out List<string>? outcomes))
        {
            Outcomes[number] = outcomes = [];
        }

        outcomes.Add(outcome);
    }

    private CoapMessageLayer NewLayer()
    {
        var entropy = new byte[16];
        _random.NextBytes(entropy);
        return new CoapMessageLayer(_options, entropy);
    }

    private sealed record Client(int Node, CoapMessageLayer Layer, CoapPeerHandle Server);
}
