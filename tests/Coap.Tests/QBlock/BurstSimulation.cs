using System.Buffers.Binary;
using Flint.Coap.Tests.Exchange;
using Flint.Testing;

namespace Flint.Coap.Tests.QBlock;

/// <summary>
/// Clients that each POST a body in bursts and then GET it back in bursts, and one server that keeps what was posted, on a virtual network.
/// </summary>
internal sealed class BurstSimulation
{
    private static readonly CoapBlockSizes Sizes = new() { SizeExponent = 5, MaxBody = 1 << 20 };

    private readonly CoapQBlockOptions _options;
    private readonly VirtualNetwork _network;
    private readonly VirtualSimulation _simulation;
    private readonly Random _random;
    private readonly int _serverNode;
    private readonly List<Client> _clients = [];
    private readonly Dictionary<int, CoapPeerHandle> _peers = [];
    private readonly Dictionary<CoapPeerHandle, int> _addresses = [];
    private readonly Dictionary<string, byte[]> _stored = [];
    private CoapMessageLayer _server = null!;
    private QBlockUploads _uploads = null!;
    private QBlockServings _servings = null!;

    public BurstSimulation(int seed, VirtualNetworkFaults faults, int clients, int maxRetransmit = 4)
    {
        _options = new CoapQBlockOptions { MaxBodies = 8, MaxBodiesPerPeer = 2, NonMaxRetransmit = maxRetransmit };
        _network = new VirtualNetwork(seed, faults);
        _simulation = new VirtualSimulation(_network, Drain);
        _random = new Random(seed);
        _serverNode = _simulation.AddNode(ReceiveAtServer);
        StartServer();
        _simulation.AddMachine(() => _server.NextDeadline, now => _server.OnDeadline(now));
        _simulation.AddMachine(() => _uploads.NextDeadline, now => _uploads.OnDeadline(now));
        _simulation.AddMachine(() => _servings.NextDeadline, now => _servings.OnDeadline(now));
        for (int i = 0; i < clients; i++)
        {
            var body = new byte[_random.Next(600, 40_000)];
            _random.NextBytes(body);
            var layer = new CoapMessageLayer(new CoapMessageLayerOptions(), Entropy());
            layer.TryAddPeer(TimeSpan.Zero, out CoapPeerHandle server);
            Client client = null!;
            client = new Client(i, _simulation.AddNode(datagram => ReceiveAtClient(client, datagram.Bytes)), layer, server, body);
            _clients.Add(client);
            _simulation.AddMachine(() => layer.NextDeadline, layer.OnDeadline);
            _simulation.AddMachine(() => NextDeadline(client), _ => OnDeadline(client));
        }
    }

    /// <summary>How often each body was acted on.</summary>
    public Dictionary<string, int> Executions { get; } = [];

    /// <summary>How each client fared: "done", or what it gave up.</summary>
    public IEnumerable<string?> Outcomes => _clients.Select(client => client.Outcome);

    public long Datagrams => _network.Sent;

    public void PlanRestart(TimeSpan at) => _simulation.Plan(at, () =>
    {
        _peers.Clear();
        _addresses.Clear();
        StartServer();
    });

    public void PlanRebinding(int client, TimeSpan at) => _simulation.Plan(at, () => _network.Rebind(_clients[client].Node));

    public void Run()
    {
        foreach (Client client in _clients)
        {
            Begin(client);
        }

        _simulation.Run();
    }

    /// <summary>[C-150] Whatever the network does: bodies are the same byte by byte, nothing is acted on twice, and nothing is left.</summary>
    public void AssertInvariants(bool atMostOnce = true)
    {
        Assert.All(_clients, client => Assert.NotNull(client.Outcome));
        foreach (Client client in _clients.Where(client => client.Outcome == "done"))
        {
            Assert.Equal(client.Body, _stored[client.Path]);
            Assert.Equal(client.Body, client.Fetched.Bytes.ToArray());
        }

        if (atMostOnce)
        {
            Assert.All(Executions, execution => Assert.Equal(1, execution.Value));
        }

        Assert.Equal((0, 0L, 0), (_uploads.Count, _uploads.Bytes, _servings.Count));
        Assert.True(_server.IsEmpty);
        Assert.All(_clients, client => Assert.True(client.Layer.IsEmpty));
    }

    private static TimeSpan? NextDeadline(Client client) => new[] { client.Sender?.NextDeadline, client.Receiver?.NextDeadline, client.AskAgain }.Min();

    private void StartServer()
    {
        _server = new CoapMessageLayer(new CoapMessageLayerOptions(), Entropy());
        _uploads = new QBlockUploads(_options, Sizes, _server, Entropy());
        _servings = new QBlockServings(_options, _server);
    }

    private byte[] Entropy()
    {
        var entropy = new byte[16];
        _random.NextBytes(entropy);
        return entropy;
    }

    private void Begin(Client client)
    {
        client.Sender = new QBlockSender(_options, client.Body.Length, 5, _random.NextDouble(), repeatsLast: true);
        Open(client);
    }

    private void Open(Client client)
    {
        _random.NextBytes(client.Token);
        Assert.Equal(CoapSendStatus.Ok, client.Layer.TryOpenBody(client.Server, client.Token.AsSpan(0, 4), client, _network.Now, out CoapSendHandle handle));
        client.Handle = handle;
    }

    private void BeginDownload(Client client)
    {
        client.Layer.Cancel(client.Handle, _network.Now);
        client.Sender = null;
        Open(client);
        Ask(client, new CoapBlock(0, true, 5));
        client.AskAgain = _network.Now + _options.NonReceiveTimeout;
    }

    private void End(Client client, string outcome)
    {
        client.Layer.Cancel(client.Handle, _network.Now);
        client.Sender = null;
        client.Receiver = null;
        client.AskAgain = null;
        client.Outcome = outcome;
    }

    private void OnDeadline(Client client)
    {
        client.Sender?.OnDeadline(_network.Now);
        client.Receiver?.OnDeadline(_network.Now);
        if (client.Sender?.State == QBlockSenderState.Ended)
        {
            End(client, "upload given up");
        }
        else if (client.Receiver?.State == QBlockReceiverState.Ended)
        {
            End(client, "download given up");
        }
        else if (client.AskAgain <= _network.Now)
        {
            if (++client.Attempts > _options.NonMaxRetransmit)
            {
                End(client, "download not begun");
                return;
            }

            Ask(client, new CoapBlock(0, true, 5));
            client.AskAgain = _network.Now + (_options.NonReceiveTimeout * (1 << client.Attempts));
        }
    }

    private void ReceiveAtClient(Client client, byte[] datagram)
    {
        CoapReceived received = client.Layer.OnDatagram(client.Server, datagram, _network.Now);
        if (received.Kind != CoapReceivedKind.Notification)
        {
            return;
        }

        CoapMessageReader message = received.Message;
        if (client.Sender is not null)
        {
            if (message.Code == CoapCode.Continue)
            {
                Assert.Equal(CoapBlockStatus.Present, CoapBlock.TryFind(message.Options, CoapOptionNumber.QBlock1, false, out CoapBlock block));
                client.Sender.OnContinue(block.Number + 1);
            }
            else if (message.Code == CoapCode.RequestEntityIncomplete)
            {
                var numbers = new int[_options.MaxPayloads];
                Assert.True(MissingBlocks.TryRead(message.Payload, numbers, out int count));
                client.Sender.OnMissing(numbers.AsSpan(0, count));
            }
            else if (message.Code == CoapCode.Changed)
            {
                BeginDownload(client);
            }
            else
            {
                End(client, message.Code.ToDotted());
            }
        }
        else if (client.Outcome is null && message.Code == CoapCode.Content)
        {
            TakeDownload(client, message);
        }
        else if (client.Outcome is null && message.Code != CoapCode.Changed && message.Code != CoapCode.RequestEntityIncomplete)
        {
            End(client, message.Code.ToDotted());
        }
    }

    private void TakeDownload(Client client, CoapMessageReader message)
    {
        Assert.Equal(CoapBlockStatus.Present, CoapBlock.TryFind(message.Options, CoapOptionNumber.QBlock2, false, out CoapBlock block));
        Assert.True(message.Options.TryFind(CoapOptionNumber.Size2, out CoapOption size) && size.TryGetUInt32(out uint length) && length == client.Body.Length);
        client.AskAgain = null;
        client.Receiver ??= new QBlockReceiver(_options, client.Body.Length, 5, asksForSets: true, _network.Now);
        QBlockReceipt receipt = client.Receiver.OnBlock(block, message.Payload.Length, _network.Now);
        Assert.NotEqual(QBlockReceipt.Fault, receipt);
        if (receipt != QBlockReceipt.Repeated)
        {
            client.Fetched.Write(block.Offset, message.Payload);
        }

        if (receipt == QBlockReceipt.Complete)
        {
            End(client, "done");
        }
    }

    private void ReceiveAtServer(VirtualDatagram datagram)
    {
        int client = _clients.FindIndex(one => _network.AddressOf(one.Node) == datagram.From);
        if (client < 0)
        {
            return;
        }

        if (!_peers.TryGetValue(client, out CoapPeerHandle peer))
        {
            Assert.True(_server.TryAddPeer(_network.Now, out peer));
            _peers[client] = peer;
        }

        _addresses[peer] = datagram.From;
        CoapReceived received = _server.OnDatagram(peer, datagram.Bytes, _network.Now);
        if (received.Kind == CoapReceivedKind.Reset)
        {
            _servings.OnReset(peer, received.Message.MessageId);
        }
        else if (received.Kind == CoapReceivedKind.Request && received.Message.Options.TryFind(CoapOptionNumber.QBlock1, out _))
        {
            TakeUpload(peer, received);
        }
        else if (received.Kind == CoapReceivedKind.Request)
        {
            Serve(peer, received);
        }
    }

    private void TakeUpload(CoapPeerHandle peer, in CoapReceived received)
    {
        CoapMessageReader message = received.Message;
        QBlockUploadStep step = _uploads.OnRequest(peer, message.Code, message.Options, message.Token, message.Payload, _network.Now);
        string path = PathOf(message);
        switch (step.Kind)
        {
            case QBlockUploadKind.Nothing:
                _server.RespondNothing(received.Exchange, _network.Now);
                return;
            case QBlockUploadKind.Complete:
                _stored[path] = step.Upload!.Body!.Bytes.ToArray();
                Executions[path] = Executions.GetValueOrDefault(path) + 1;
                step.Upload.Answer = CoapResponse.Changed();
                Respond(received, CoapCode.Changed, []);
                return;
            case QBlockUploadKind.Again:
                Respond(received, step.Upload!.Answer!.Code, []);
                return;
            case QBlockUploadKind.Continue:
                Respond(received, step.Code, [], (CoapOptionNumber.QBlock1, step.Block.Value));
                return;
            case QBlockUploadKind.Missing:
                Respond(received, step.Code, Missing(step.MissingCount), (CoapOptionNumber.ContentFormat, (uint)CoapContentFormat.MissingBlocks));
                return;
            default:
                Respond(received, step.Code, []);
                return;
        }
    }

    private void Serve(CoapPeerHandle peer, in CoapReceived received)
    {
        CoapMessageReader message = received.Message;
        var numbers = new int[_options.MaxPayloads];
        Assert.True(QBlocks.TryReadAsked(message.Options, _options.MaxPayloads, out CoapBlock asked, numbers, out int count));
        _server.RespondNothing(received.Exchange, _network.Now);
        ulong key = (ulong)PathOf(message)[0];
        if ((asked.Number != 0 || count != 0) && _servings.Find(peer, key) is QBlockServing serving)
        {
            if (count == 0)
            {
                serving.Sender.OnContinueOrAgain(asked.Number);
            }
            else
            {
                serving.MissingToken = message.Token.ToArray();
                serving.Sender.OnMissing(numbers.AsSpan(0, count));
            }

            return;
        }

        CoapResponse response = QBlockParts.WithETag(CoapResponse.Content(_stored[PathOf(message)]));
        var sender = new QBlockSender(_options, response.Payload.Length, 5, _random.NextDouble(), repeatsLast: false, count == 0 ? asked.Number : int.MaxValue);
        sender.OnMissing(numbers.AsSpan(0, count));
        _servings.TryAdd(new QBlockServing(peer, key, response, message.Token.ToArray(), sender));
    }

    private byte[] Missing(int count)
    {
        var payload = new byte[5 * count];
        return payload[..MissingBlocks.Write(_uploads.Missing(count), payload)];
    }

    private void Respond(in CoapReceived received, CoapCode code, byte[] payload, params (CoapOptionNumber, uint)[] options) => Assert.Equal(
        CoapSendStatus.Ok,
        _server.TryRespond(received.Exchange, Exchange.Datagrams.Response(code, Convert.ToHexString(received.Message.Token), payload: payload, options: options), _network.Now));

    private static string PathOf(CoapMessageReader message)
    {
        Assert.True(message.Options.TryFind(CoapOptionNumber.UriPath, out CoapOption path));
        return path.GetString();
    }

    private void Ask(Client client, params CoapBlock[] blocks)
    {
        var options = new CoapOptionList();
        options.Add(CoapOptionNumber.UriPath, client.Path);
        foreach (CoapBlock block in blocks)
        {
            options.Add(CoapOptionNumber.QBlock2, block.Value);
        }

        Send(client, CoapCode.Get, options, default);
    }

    private void Send(Client client, CoapCode code, CoapOptionList options, ReadOnlySpan<byte> payload)
    {
        BinaryPrimitives.WriteUInt32BigEndian(client.Token.AsSpan(4), client.Messages++);
        var buffer = new byte[1152];
        var writer = new CoapMessageWriter(buffer);
        writer.WriteHeader(CoapType.NonConfirmable, code, 0, client.Token);
        writer.WriteOptions(options.View);
        writer.WritePayload(payload);
        Assert.True(writer.TryComplete(out int length));
        client.Layer.TrySendOfBody(client.Handle, buffer.AsSpan(0, length), _network.Now, out _);
    }

    private void Pump(Client client)
    {
        while (client.Sender?.TryTake(_network.Now, out CoapBlock block, out _) == true)
        {
            int offset = (int)block.Offset;
            var options = new CoapOptionList();
            options.Add(CoapOptionNumber.UriPath, client.Path);
            options.Add(CoapOptionNumber.QBlock1, block.Value);
            options.Add(CoapOptionNumber.Size1, (uint)client.Body.Length);
            options.Add(CoapOptionNumber.RequestTag, 7);
            Send(client, CoapCode.Post, options, client.Body.AsSpan(offset, Math.Min(block.Size, client.Body.Length - offset)));
        }

        var missing = new int[_options.MaxPayloads];
        if (client.Receiver?.TryTakeAsk(out int next, missing, out int count) == true)
        {
            Ask(client, count == 0 ? [new CoapBlock(next, true, 5)] : [.. missing[..count].Select(number => new CoapBlock(number, false, 5))]);
        }
    }

    private void Drain()
    {
        while (_servings.TryTake(_network.Now, out QBlockServing serving, out CoapBlock block, out ReadOnlyMemory<byte> token))
        {
            var buffer = new byte[1152];
            CoapResponse part = QBlockParts.PartOf(serving.Response, block);
            Assert.True(part.TryWriteDatagram(buffer, CoapType.NonConfirmable, part.Code, token.Span, out int length));
            if (_server.TrySendNonConfirmable(serving.Peer, buffer.AsSpan(0, length), _network.Now, out ushort messageId) == CoapSendStatus.Ok)
            {
                _servings.OnSent(serving, messageId);
            }
        }

        while (_uploads.TryTakeAsk(out QBlockUpload upload, out int count))
        {
            byte[] ask = Exchange.Datagrams.Response(
                CoapCode.RequestEntityIncomplete, Convert.ToHexString(upload.Token), CoapType.NonConfirmable, 0, Missing(count),
                (CoapOptionNumber.ContentFormat, (uint)CoapContentFormat.MissingBlocks));
            _server.TrySendNonConfirmable(upload.Peer, ask, _network.Now, out _);
        }

        while (_server.TryTakeDatagram(out CoapPeerHandle peer, out ReadOnlyMemory<byte> datagram))
        {
            _network.Send(_serverNode, _addresses[peer], datagram.Span);
        }

        foreach (Client client in _clients)
        {
            Pump(client);
            while (client.Layer.TryTakeDatagram(out _, out ReadOnlyMemory<byte> datagram))
            {
                _network.Send(client.Node, _network.AddressOf(_serverNode), datagram.Span);
            }
        }
    }

    private sealed class Client(int number, int node, CoapMessageLayer layer, CoapPeerHandle server, byte[] body)
    {
        public string Path { get; } = $"{(char)('a' + number)}";

        public int Node => node;

        public CoapMessageLayer Layer => layer;

        public CoapPeerHandle Server => server;

        public byte[] Body => body;

        public QBlockBody Fetched { get; } = new();

        public byte[] Token { get; } = new byte[8];

        public uint Messages { get; set; }

        public CoapSendHandle Handle { get; set; }

        public QBlockSender? Sender { get; set; }

        public QBlockReceiver? Receiver { get; set; }

        public TimeSpan? AskAgain { get; set; }

        public int Attempts { get; set; }

        public string? Outcome { get; set; }
    }
}
