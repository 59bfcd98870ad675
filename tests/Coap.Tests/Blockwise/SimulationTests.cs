using Flint.Coap.Tests.Exchange;
using Flint.Testing;

namespace Flint.Coap.Tests.Blockwise;

/// <summary>Bodies both ways over a bad network: a POST whose body goes in blocks is answered by its body turned round, in blocks. The whole request is acted on once.</summary>
public sealed class SimulationTests
{
    private readonly List<byte> _received = [];
    private readonly List<byte> _sink = [];
    private VirtualNetwork _network = null!;
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
        Run();

        Assert.True(_outcome is "done" or "TimedOut", _outcome);
        if (_outcome == "done")
        {
            Assert.Equal(Enumerable.Reverse(_body), _received);
        }

        Assert.True(_executions <= 1);
        AssertNothingIsLeft();
    }

    /// <summary>Whatever the representation does meanwhile, parts of two are never put together.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Representation_ChangingMeanwhile_IsNeverMixed(int seed)
    {
        Start(seed, new VirtualNetworkFaults { MaxDelay = TimeSpan.FromMilliseconds(100) });
        _representations = 3;
        Run();

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
        var random = new Random(seed);
        var entropy = new byte[16];
        random.NextBytes(entropy);
        _body = new byte[random.Next(3000, 12000)];
        random.NextBytes(_body);
        _network = new VirtualNetwork(seed, faults);
        _clientNode = _network.AddNode();
        _serverNode = _network.AddNode();
        _client = new CoapMessageLayer(new CoapMessageLayerOptions(), entropy);
        _server = new CoapMessageLayer(new CoapMessageLayerOptions(), entropy);
        _client.TryAddPeer(TimeSpan.Zero, out _toServer);
        _server.TryAddPeer(TimeSpan.Zero, out _toClient);
        _uploads = new CoapUploads(new CoapUploadsOptions { Sizes = new CoapBlockSizes { SizeExponent = 5 } }, _server, entropy);
        _upload = new CoapUpload(new CoapBlockSizes { SizeExponent = random.Next(4, 7) });
        SendNextOfUpload();
    }

    private void Run()
    {
        Drain();
        while (new[] { _network.NextArrival, _client.NextDeadline, _server.NextDeadline, _uploads.NextDeadline }.Min() is TimeSpan next)
        {
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
            _uploads.OnDeadline(_network.Now);
            Drain();
        }
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
