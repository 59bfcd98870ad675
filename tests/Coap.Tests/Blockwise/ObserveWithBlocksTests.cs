using Flint.Coap.Tests.Exchange;
using Flint.Testing;

namespace Flint.Coap.Tests.Blockwise;

/// <summary>
/// RFC 7959 section 2.6 over a bad network: a resource of several blocks changes while it is observed. Each notification brings the first block; the client asks for the rest, and drops
/// what it has when a newer one comes. Bodies are always of one version, versions never go back, and the last one arrives.
/// </summary>
public sealed class ObserveWithBlocksTests
{
    private static readonly CoapBlockSizes Sizes = new() { SizeExponent = 5 };

    private readonly List<byte> _body = [];
    private readonly List<byte> _versions = [];
    private VirtualNetwork _network = null!;
    private VirtualSimulation _simulation = null!;
    private int _clientNode;
    private int _serverNode;
    private CoapMessageLayer _client = null!;
    private CoapMessageLayer _server = null!;
    private CoapPeerHandle _toServer;
    private CoapPeerHandle _toClient;
    private CoapObservation _observation = null!;
    private CoapObservers _observers = null!;
    private CoapSendHandle _request;
    private CoapDownload? _download;
    private CoapSendHandle _part;
    private int _resource;
    private byte _version = 1;
    private byte _token;
    private int _superseded;

    public static TheoryData<int> Seeds => [.. Enumerable.Range((int)PropertyRunner.Seed, 10)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Body_ChangingWhileObserved_ArrivesWholeAndInTheEnd(int seed)
    {
        Start(seed, new VirtualNetworkFaults { Loss = 0.15, Duplication = 0.1, MinDelay = TimeSpan.FromMilliseconds(10), MaxDelay = TimeSpan.FromMilliseconds(800) });
        var random = new Random(seed);
        for (int i = 0; i < 40; i++)
        {
            _simulation.RunUntil(_network.Now + TimeSpan.FromSeconds(random.Next(1, 30)));
            _version++;
            _observers.Notify(_resource, _network.Now);
        }

        _simulation.RunUntil(_network.Now + TimeSpan.FromMinutes(30));
        Assert.Equal(_versions.Order(), _versions);
        Assert.True(_versions.Distinct().Count() > 5);
        if (_observation.State != CoapObservationState.Ended)
        {
            Assert.Equal(_version, _versions[^1]);
            Assert.True(_client.Cancel(_request, _network.Now));
            _observers.Notify(_resource, _network.Now);
        }

        // The client has just forgotten its token: the reset to the next notification tells the server.
        _simulation.RunUntil(_network.Now + TimeSpan.FromMinutes(30));
        _observers.RemovePeer(_toClient);
        Assert.True(_client.IsEmpty);
        Assert.True(_server.IsEmpty);
    }

    /// <summary>Without loss, every change faster than a body can be fetched drops the one before.</summary>
    [Fact]
    public void Body_ChangingFast_DropsTheOneBefore()
    {
        Start(1, new VirtualNetworkFaults { MinDelay = TimeSpan.FromMilliseconds(900), MaxDelay = TimeSpan.FromMilliseconds(900) });
        for (int i = 0; i < 10; i++)
        {
            _simulation.RunUntil(_network.Now + TimeSpan.FromSeconds(3.5));
            _version++;
            _observers.Notify(_resource, _network.Now);
        }

        _simulation.RunUntil(_network.Now + TimeSpan.FromSeconds(30));
        Assert.True(_superseded > 3);
        Assert.Equal(_version, _versions[^1]);
        Assert.Equal(_versions.Order(), _versions);
    }

    private void Start(int seed, VirtualNetworkFaults faults)
    {
        var entropy = new byte[16];
        new Random(seed).NextBytes(entropy);
        _network = new VirtualNetwork(seed, faults);
        _simulation = new VirtualSimulation(_network, Drain);
        _clientNode = _simulation.AddNode(datagram => ReceiveAtClient(datagram.Bytes));
        _serverNode = _simulation.AddNode(datagram => ReceiveAtServer(datagram.Bytes));
        _simulation.AddMachine(() => _client.NextDeadline, now => _client.OnDeadline(now));
        _simulation.AddMachine(() => _server.NextDeadline, now => _server.OnDeadline(now));
        _simulation.AddMachine(() => _observers.NextDeadline, now => _observers.OnDeadline(now));
        _simulation.AddMachine(() => _observation.NextDeadline, Renew);
        _client = new CoapMessageLayer(new CoapMessageLayerOptions { NStart = 2 }, entropy);
        _server = new CoapMessageLayer(new CoapMessageLayerOptions(), entropy);
        _client.TryAddPeer(TimeSpan.Zero, out _toServer);
        _server.TryAddPeer(TimeSpan.Zero, out _toClient);
        _observation = new CoapObservation(entropy);
        _observers = new CoapObservers(new CoapObserversOptions { ConfirmableEvery = 3 }, _server);
        _observers.TryAddResource(out _resource);
        byte[] get = Datagrams.Request(CoapCode.Get, "ff", options: (CoapOptionNumber.Observe, 0));
        Assert.Equal(CoapSendStatus.Ok, _client.TryRequest(_toServer, get, true, null, "observation", _network.Now, out _request));
    }

    private void Renew(TimeSpan now)
    {
        if (_observation.TryRenew(now))
        {
            _client.TryRepeat(_request, Datagrams.Request(CoapCode.Get, "ff", options: (CoapOptionNumber.Observe, 0)), true, null, now);
        }
    }

    private void ReceiveAtClient(byte[] datagram)
    {
        CoapReceived received = _client.OnDatagram(_toServer, datagram, _network.Now);
        if (received.Kind == CoapReceivedKind.Notification && _observation.OnResponse(received.Message, _network.Now) == CoapNotificationKind.Fresh)
        {
            if (_download?.State == CoapTransferState.Waiting)
            {
                _superseded++;
                _client.Cancel(_part, _network.Now);
            }

            _download = new CoapDownload(Sizes);
            Assert.True(_download.TrySend(out _));
            _body.Clear();
            Take(received.Message);
        }
        else if (received.Kind == CoapReceivedKind.Response && ReferenceEquals(received.State, _download))
        {
            Take(received.Message);
        }
    }

    private void Take(CoapMessageReader message)
    {
        CoapDownloadResult result = _download!.OnResponse(message.Code, message.Options, message.Payload.Length);
        if (result == CoapDownloadResult.Restart)
        {
            _body.Clear();
        }
        else
        {
            Assert.True(result is CoapDownloadResult.Block or CoapDownloadResult.Last, $"{result} {_download.Failure}");
            Assert.Equal(_body.Count, _download.Offset);
            _body.AddRange(message.Payload);
        }

        if (result == CoapDownloadResult.Last)
        {
            Assert.Equal(BodyOf(_body[0]), _body);
            _versions.Add(_body[0]);
            return;
        }

        Assert.True(_download.TrySend(out CoapBlock? block));
        byte[] request = Datagrams.Request(CoapCode.Get, $"{_token++ % 200:x2}", options: (CoapOptionNumber.Block2, block!.Value.Value));
        Assert.Equal(CoapSendStatus.Ok, _client.TryRequest(_toServer, request, false, null, _download, _network.Now, out _part));
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
            uint? sequence = null;
            if (received.Message.Options.TryFind(CoapOptionNumber.Observe, out _))
            {
                _observers.Register(_resource, _toClient, received.Message.Token, null, _network.Now, out _, out uint value);
                sequence = value;
            }

            _server.TryRespond(received.Exchange, Represent(received.Message.Options, Convert.ToHexString(received.Message.Token), sequence), _network.Now);
        }
    }

    private byte[] Represent(CoapOptions request, string token, uint? sequence)
    {
        Assert.True(CoapServedBlock.TryRead(request, Sizes, out CoapServedBlock served));
        byte[] body = BodyOf(_version);
        int offset = (int)Math.Min(served.Offset, body.Length);
        int count = Math.Min(served.MaxCount, body.Length - offset);
        bool found = served.TryAnswer(count, offset + count == body.Length, out CoapBlock? block);
        if (!found)
        {
            return Datagrams.Response(CoapCode.BadRequest, token);
        }

        var options = new List<(CoapOptionNumber, uint)> { (CoapOptionNumber.ETag, _version) };
        if (sequence is uint value)
        {
            options.Add((CoapOptionNumber.Observe, value));
        }

        if (block is CoapBlock block2)
        {
            options.Add((CoapOptionNumber.Block2, block2.Value));
        }

        return Datagrams.Response(CoapCode.Content, token, payload: body[offset..(offset + count)], options: [.. options]);
    }

    private void Drain()
    {
        while (_server.TryTakeEnded(out CoapEnded ended))
        {
            _observers.OnEnded(ended, _network.Now);
        }

        while (_observers.TryTakeNotification(_network.Now, out CoapNotification notification))
        {
            byte[] message = Represent(default, Convert.ToHexString(notification.Token), notification.Sequence);
            if (notification.Replaces is CoapSendHandle old)
            {
                Assert.True(_server.TryReplace(old, message));
                _observers.OnReplaced(notification.Observer);
            }
            else if (notification.IsConfirmable)
            {
                Assert.Equal(CoapSendStatus.Ok, _server.TrySendConfirmable(_toClient, message, this, _network.Now, out CoapSendHandle handle));
                _observers.OnSentConfirmable(notification.Observer, handle, _network.Now);
            }
            else
            {
                Assert.Equal(CoapSendStatus.Ok, _server.TrySendNonConfirmable(_toClient, message, _network.Now, out ushort id));
                _observers.OnSentNonConfirmable(notification.Observer, id, _network.Now);
            }
        }

        while (_server.TryTakeDatagram(out _, out ReadOnlyMemory<byte> datagram))
        {
            _network.Send(_serverNode, _network.AddressOf(_clientNode), datagram.Span);
        }

        while (_client.TryTakeEnded(out CoapEnded ended))
        {
            if (ended.State is string)
            {
                _observation.OnFailed();
            }
        }

        while (_client.TryTakeDatagram(out _, out ReadOnlyMemory<byte> datagram))
        {
            _network.Send(_clientNode, _network.AddressOf(_serverNode), datagram.Span);
        }
    }

    /// <summary>Every byte names the version; the length does too.</summary>
    private static byte[] BodyOf(byte version) => [.. Enumerable.Repeat(version, 1500 + (10 * version))];
}
