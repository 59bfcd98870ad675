using Flint.Coap.Tests.Exchange;
using Flint.Testing;

namespace Flint.Coap.Tests.Blockwise;

/// <summary>Bodies both ways over a bad network: a POST whose body goes in blocks is answered by its body turned round, in blocks. The whole request is acted on once.</summary>
public sealed class SimulationTests
{
    private readonly List<byte> _received = [];
    private readonly List<byte> _sink = [];
    private readonly byte[] _entropy = new byte[16];
    private VirtualNetwork _network = null!;
    private VirtualSimulation _simulation = null!;
    private Random _random = null!;
    private int _clientNode;
    private int _serverNode;
    private CoapMessageLayer _client = null!;
    private CoapMessageLayer _server = null!;
    private CoapPeerHandle _toServer;
    private CoapPeerHandle _toClient;
    private CoapUploads _uploads = null!;
    private CoapUpload _upload = null!;
    private CoapDownload? _download;
    private byte[] _body = [];
    private byte[] _answer = [];
    private byte _token;
    private int _executions;
    private int _restarts;
    private int _representations;
    private string? _outcome;

    public static TheoryData<int> Seeds => [.. Enumerable.Range((int)PropertyRunner.Seed, 10)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Bodies_ThroughLossAndReordering_ArriveByteForByte(int seed)
    {
        Start(seed, new VirtualNetworkFaults { Loss = 0.2, Duplication = 0.2, MinDelay = TimeSpan.FromMilliseconds(10), MaxDelay = TimeSpan.FromMilliseconds(1500) });
        _simulation.Run();

        Assert.True(_outcome is "done" or "TimedOut", _outcome);
        if (_outcome == "done")
        {
            Assert.Equal(Enumerable.Reverse(_body), _received);
        }

        Assert.True(_executions <= 1);
        AssertNothingIsLeft();
    }

    /// <summary>Bits that flip are found by the checksum, and the client's address changes every few seconds.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Bodies_ThroughCorruptionAndRebinding_ArriveByteForByte(int seed)
    {
        Start(seed, new VirtualNetworkFaults { Loss = 0.1, Corruption = 0.2, Checksummed = true, MinDelay = TimeSpan.FromMilliseconds(10), MaxDelay = TimeSpan.FromMilliseconds(500) });
        for (int i = 1; i < 20; i++)
        {
            _simulation.Plan(TimeSpan.FromSeconds(3 * i), () => _network.Rebind(_clientNode));
        }

        _simulation.Run();

        Assert.True(_outcome is "done" or "TimedOut", _outcome);
        if (_outcome == "done")
        {
            Assert.Equal(Enumerable.Reverse(_body), _received);
        }

        Assert.True(_executions <= 1);
        Assert.True(_network.CorruptionsFound > 0);
        AssertNothingIsLeft();
    }

    /// <summary>A server that restarts has forgotten the blocks: it says so, the client begins anew, and no body is put together from two attempts.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Server_Restarting_NeverMixesTwoAttempts(int seed)
    {
        Start(seed, new VirtualNetworkFaults { Loss = 0.05, MinDelay = TimeSpan.FromMilliseconds(100), MaxDelay = TimeSpan.FromMilliseconds(300) });
        _simulation.Plan(TimeSpan.FromSeconds(1.5), StartServer);
        _simulation.Plan(TimeSpan.FromSeconds(8), StartServer);

        _simulation.Run();

        if (_outcome == "done")
        {
            Assert.Equal(Enumerable.Reverse(_body), _received);
        }

        Assert.True(_executions <= 3);
        AssertNothingIsLeft();
    }

    /// <summary>Whatever the representation does meanwhile, parts of two are never put together.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Representation_ChangingMeanwhile_IsNeverMixed(int seed)
    {
        Start(seed, new VirtualNetworkFaults { MaxDelay = TimeSpan.FromMilliseconds(100) });
        _representations = 3;
        _simulation.Run();

        Assert.Equal("done", _outcome);
        Assert.True(_restarts > 0);
        Assert.Equal(_body.Length, _received.Count);
        Assert.All(_received, value => Assert.Equal(_received[0], value));
        AssertNothingIsLeft();
    }

    private void AssertNothingIsLeft()
    {
        Assert.NotNull(_outcome);
        Assert.True(_client.IsEmpty);
        Assert.True(_server.IsEmpty);
        Assert.Equal(0, _uploads.Count);
    }

    private void Start(int seed, VirtualNetworkFaults faults)
    {
        _random = new Random(seed);
        _body = new byte[_random.Next(3000, 12000)];
        _random.NextBytes(_body);
        _network = new VirtualNetwork(seed, faults);
        _simulation = new VirtualSimulation(_network, Drain);
        _clientNode = _simulation.AddNode(datagram => ReceiveAtClient(datagram.Bytes));
        _serverNode = _simulation.AddNode(datagram => ReceiveAtServer(datagram.Bytes));
        StartServer();
        _client = new CoapMessageLayer(new CoapMessageLayerOptions(), _entropy);
        _client.TryAddPeer(TimeSpan.Zero, out _toServer);
        _simulation.AddMachine(() => _client.NextDeadline, now => _client.OnDeadline(now));
        _simulation.AddMachine(() => _server.NextDeadline, now => _server.OnDeadline(now));
        _simulation.AddMachine(() => _uploads.NextDeadline, now => _uploads.OnDeadline(now));
        _upload = new CoapUpload(new CoapBlockSizes { SizeExponent = _random.Next(4, 7) });
        SendNextOfUpload();
    }

    /// <summary>A server that has forgotten which blocks it has.</summary>
    private void StartServer()
    {
        _random.NextBytes(_entropy);
        _server = new CoapMessageLayer(new CoapMessageLayerOptions(), _entropy);
        _server.TryAddPeer(_network.Now, out _toClient);
        _uploads = new CoapUploads(new CoapUploadsOptions { Sizes = new CoapBlockSizes { SizeExponent = 5 } }, _server, _entropy);
        _sink.Clear();
    }

    private void SendNextOfUpload()
    {
        int count = (int)Math.Min(_upload.MaxCount, _body.Length - _upload.Offset);
        int offset = (int)_upload.Offset;
        Assert.True(_upload.TrySend(count, offset + count == _body.Length, out CoapBlock? block));
        Send(_body[offset..(offset + count)], block, CoapOptionNumber.Block1);
    }

    private void SendNextOfDownload()
    {
        Assert.True(_download!.TrySend(out CoapBlock? block));
        Send([], block, CoapOptionNumber.Block2);
    }

    private void Send(byte[] payload, CoapBlock? block, CoapOptionNumber number)
    {
        (CoapOptionNumber, uint)[] options = block is CoapBlock value ? [(number, value.Value)] : [];
        byte[] request = Datagrams.Request(CoapCode.Post, $"{_token++:x2}", payload: payload, options: options);
        Assert.Equal(CoapSendStatus.Ok, _client.TryRequest(_toServer, request, false, null, null, _network.Now, out _));
    }

    private void ReceiveAtClient(byte[] datagram)
    {
        CoapReceived received = _client.OnDatagram(_toServer, datagram, _network.Now);
        if (received.Kind != CoapReceivedKind.Response)
        {
            return;
        }

        if (_download is null)
        {
            if (_upload.OnResponse(received.Message.Code, received.Message.Options) == CoapTransferState.Ready)
            {
                SendNextOfUpload();
                return;
            }

            Assert.Equal(CoapTransferState.Completed, _upload.State);
            _download = new CoapDownload(CoapBlockSizes.Datagram);
            Assert.True(_download.TrySend(out _));
        }

        switch (_download.OnResponse(received.Message.Code, received.Message.Options, received.Message.Payload.Length))
        {
            case CoapDownloadResult.Block:
                Assert.Equal(_received.Count, _download.Offset);
                _received.AddRange(received.Message.Payload);
                SendNextOfDownload();
                break;
            case CoapDownloadResult.Last:
                Assert.Equal(_received.Count, _download.Offset);
                _received.AddRange(received.Message.Payload);
                _outcome = "done";
                break;
            case CoapDownloadResult.Restart:
                _restarts++;
                _received.Clear();
                SendNextOfDownload();
                break;
            default:
                _outcome = $"{received.Message.Code} {_download.Failure}";
                break;
        }
    }

    private void ReceiveAtServer(byte[] datagram)
    {
        CoapReceived received = _server.OnDatagram(_toClient, datagram, _network.Now);
        if (received.Kind != CoapReceivedKind.Request)
        {
            return;
        }

        CoapMessageReader message = received.Message;
        string token = Convert.ToHexString(message.Token);
        CoapUploadStep step = _uploads.OnRequest(_toClient, message.Code, message.Options, message.Payload.Length, _network.Now);
        var options = new List<(CoapOptionNumber, uint)>();
        if (step.Block is CoapBlock block1)
        {
            options.Add((CoapOptionNumber.Block1, block1.Value));
        }

        CoapCode code = step.Code;
        byte[] payload = [];
        if (step.Kind == CoapUploadKind.Store)
        {
            Assert.Equal(_sink.Count, step.Offset);
            _sink.AddRange(message.Payload);
        }

        if (step.Kind == CoapUploadKind.Whole || step.IsLast)
        {
            if (step.IsLast)
            {
                _executions++;
                _answer = [.. Enumerable.Reverse(_sink)];
            }

            code = CoapCode.Content;
            payload = ReadPart(message.Options, options);
        }

        _server.TryRespond(received.Exchange, Datagrams.Response(code, token, payload: payload, options: [.. options.OrderBy(option => option.Item1)]), _network.Now);
    }

    private byte[] ReadPart(CoapOptions request, List<(CoapOptionNumber, uint)> options)
    {
        uint eTag = 1;
        if (_representations > 0)
        {
            // Another representation every second block, until it stays.
            _representations -= _token % 2;
            eTag = (uint)_representations + 1;
            _answer = [.. Enumerable.Repeat((byte)_representations, _body.Length)];
        }

        Assert.True(CoapServedBlock.TryRead(request, CoapBlockSizes.Datagram, out CoapServedBlock served));
        int count = (int)Math.Min(served.MaxCount, _answer.Length - served.Offset);
        Assert.True(served.TryAnswer(count, served.Offset + count == _answer.Length, out CoapBlock? block2));
        options.Add((CoapOptionNumber.ETag, eTag));
        if (block2 is CoapBlock value)
        {
            options.Add((CoapOptionNumber.Block2, value.Value));
        }

        return _answer[(int)served.Offset..(int)(served.Offset + count)];
    }

    private void Drain()
    {
        while (_uploads.TryTakeAbandoned(out _))
        {
            _sink.Clear();
        }

        while (_server.TryTakeDatagram(out _, out ReadOnlyMemory<byte> datagram))
        {
            _network.Send(_serverNode, _network.AddressOf(_clientNode), datagram.Span);
        }

        while (_client.TryTakeEnded(out CoapEnded ended))
        {
            _outcome = ended.Reason.ToString();
        }

        while (_client.TryTakeDatagram(out _, out ReadOnlyMemory<byte> datagram))
        {
            _network.Send(_clientNode, _network.AddressOf(_serverNode), datagram.Span);
        }
    }
}
