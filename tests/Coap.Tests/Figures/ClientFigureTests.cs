using System.Net;
using System.Net.Sockets;
using Flint.Coap.Tests.Udp;
using Flint.Testing;

namespace Flint.Coap.Tests.Figures;

/// <summary>The exchanges that the RFCs draw, played against our client over UDP by a server that knows nothing but its lines.</summary>
public sealed class ClientFigureTests : IDisposable
{
    private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly FigureNames _tokens = new();
    private readonly Dictionary<string, ushort> _messageIds = [];
    private readonly byte[] _buffer = new byte[2048];
    private readonly SemaphoreSlim _read = new(0);
    private EndPoint _client = new IPEndPoint(IPAddress.Any, 0);

    public ClientFigureTests() => _server.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    public void Dispose()
    {
        _server.Dispose();
        _read.Dispose();
    }

    public static TheoryData<string> Played() => FigureVector.PlayedBy("client");

    [Theory]
    [MemberData(nameof(Played))]
    public async Task Figure_IsAskedAsDrawn(string id)
    {
        FigureVector figure = FigureVector.All[id];
        FigureMessage[] messages = [.. figure.Messages.OfType<FigureMessage>()];
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://{_server.LocalEndPoint}"), new()
        {
            Udp = new()
            {
                BlockSizes = new() { SizeExponent = figure.SizeExponent, MaxPayload = figure.BlockSize },
                QBlock = new() { Use = id.StartsWith("rfc9177", StringComparison.Ordinal), NonTimeout = TimeSpan.FromMilliseconds(200), NonReceiveTimeout = TimeSpan.FromMilliseconds(1300) },
            },
        });

        Task<CoapResponse[]> asking = AskAsync(client, figure, messages);
        foreach (FigureMessage? message in figure.Messages)
        {
            if (message is null)
            {
                await _read.WaitAsync(Eventually.Limit);
            }
            else if (message.FromClient)
            {
                await ExpectAsync(message);
            }
            else if (!message.IsLost)
            {
                await SendAsync(message);
            }
        }

        CoapResponse[] responses = await asking.WaitAsync(Eventually.Limit);
        byte[][] bodies = [.. responses.Select(response => response.Payload.ToArray())];
        Assert.All(bodies, body => Assert.Equal(figure.ResponseLength == 0 ? body : FigureMessage.Pattern(0, figure.ResponseLength), body));
        if (figure.ResponseLength == 0)
        {
            Assert.Equal(messages.Where(message => !message.FromClient && message.Payload is not null).Select(message => message.Payload!), bodies.Where(body => body.Length != 0));
        }
    }

    /// <summary>Makes the request of the first line; where that observes, it waits for as many states as the figure has.</summary>
    private async Task<CoapResponse[]> AskAsync(CoapClient client, FigureVector figure, FigureMessage[] messages)
    {
        FigureMessage first = messages[0];
        var request = new CoapRequest(first.Code, figure.Lines[0].Split(' ').Single(word => word[0] == '/')) { Payload = FigureMessage.Pattern(0, figure.RequestLength) };
        if (first.Option(CoapOptionNumber.Observe) is null)
        {
            return [await client.SendAsync(request)];
        }

        var responses = new List<CoapResponse>();
        await foreach (CoapResponse response in client.ObserveAsync(request))
        {
            responses.Add(response);
            _read.Release();
            if (responses.Count == figure.Lines.Count(line => line[0] == '!') + 1)
            {
                break;
            }
        }

        return [.. responses];
    }

    private async Task ExpectAsync(FigureMessage expected)
    {
        byte[] datagram = await ReceiveAsync();
        CoapMessageReader message = RawPeer.Read(datagram);
        Assert.Equal($"{expected.Expected(_tokens)} of {expected.Line}", $"{expected.Describe(message.Code, message.Options, message.Payload, _tokens)} of {expected.Line}");
        Assert.Equal(expected.Line.Split(' ').Single(word => word[0] == '/'), CoapPath.Compose(message.Options));
        Assert.True(_tokens.AreTheSame(Convert.FromHexString(expected.Token!), message.Token.ToArray()), expected.Line);
        _messageIds[expected.Token!] = message.MessageId;
        if (expected.Type == CoapType.NonConfirmable && message.Type == CoapType.Confirmable)
        {
            // The first request for a body in bursts (docs/decisions/0114).
            await _server.SendToAsync(Exchange.Datagrams.Empty(CoapType.Acknowledgement, message.MessageId), _client);
        }
    }

    private async Task SendAsync(FigureMessage message)
    {
        ushort messageId = message.Type == CoapType.Acknowledgement ? _messageIds[message.Token!] : message.MessageId!.Value;
        await _server.SendToAsync(message.ToDatagram(messageId, _tokens.Of(Convert.FromHexString(message.Token!)), new FigureNames()), _client);
    }

    /// <summary>The next message of the client; its question whether the server knows bursts is answered, and is no message of a figure.</summary>
    private async Task<byte[]> ReceiveAsync()
    {
        while (true)
        {
            SocketReceiveFromResult received = await _server.ReceiveFromAsync(_buffer, _client).WaitAsync(Eventually.Limit);
            _client = received.RemoteEndPoint;
            byte[] datagram = _buffer[..received.ReceivedBytes];
            (CoapType type, CoapCode code, ushort messageId, string path, string token) = Summary(datagram);
            if (path == "/.well-known/core")
            {
                await _server.SendToAsync(RawPeer.Request(CoapCode.Content, messageId, token, "", CoapType.Acknowledgement), _client);
            }
            else if (type != CoapType.Acknowledgement && code != CoapCode.Empty)
            {
                return datagram;
            }
        }
    }

    private static (CoapType Type, CoapCode Code, ushort MessageId, string Path, string Token) Summary(byte[] datagram)
    {
        CoapMessageReader message = RawPeer.Read(datagram);
        return (message.Type, message.Code, message.MessageId, CoapPath.Compose(message.Options), Convert.ToHexString(message.Token));
    }
}
