using System.Net;
using Flint.Coap.Tests.Udp;

namespace Flint.Coap.Tests.Figures;

/// <summary>The exchanges that the RFCs draw, played against our server over UDP by a bare socket.</summary>
public sealed class ServerFigureTests
{
    private string _state = "";
    private int _version = 1;

    public static TheoryData<string> Played() => FigureVector.PlayedBy("server");

    [Theory]
    [MemberData(nameof(Played))]
    public async Task Figure_IsAnsweredAsDrawn(string id)
    {
        FigureVector figure = FigureVector.All[id];
        _state = figure.Messages.First(message => message?.FromClient == false)!.Payload is byte[] payload && figure.ResponseLength == 0 ? System.Text.Encoding.UTF8.GetString(payload) : "";
        var names = new FigureNames();
        await using CoapServer server = Server(figure);
        using var peer = new RawPeer(server.UdpEndPoint!.Port);
        uint observed = 0;
        for (int i = 0; i < figure.Lines.Length; i++)
        {
            if (figure.Messages.ElementAt(i) is not FigureMessage message)
            {
                _state = figure.Lines[i][2..].Replace('_', ' ');
                _version++;
                await server.NotifyAsync(figure.Lines[0].Split(' ').Single(word => word[0] == '/'));
            }
            else if (message.FromClient && !message.IsLost)
            {
                peer.Send(message.ToDatagram(message.MessageId!.Value, Convert.FromHexString(message.Token!), names));
            }
            else if (!message.FromClient)
            {
                byte[] datagram = await ReceiveAsync(peer);
                AssertIs(message, datagram, names, ref observed);
                if (RawPeer.Read(datagram).Type == CoapType.Confirmable)
                {
                    peer.Send([0x60, 0, datagram[2], datagram[3]]);
                }
            }
        }

        await peer.AssertSilenceAsync();
    }

    /// <summary>The next message: what a non-confirmable request costs is not acknowledged, and what a figure does not draw is no message of it.</summary>
    private static async Task<byte[]> ReceiveAsync(RawPeer peer)
    {
        byte[] datagram = await peer.ReceiveOneAsync();
        return RawPeer.Read(datagram).Code == CoapCode.Empty ? await ReceiveAsync(peer) : datagram;
    }

    private static void AssertIs(FigureMessage expected, byte[] datagram, FigureNames names, ref uint observed)
    {
        CoapMessageReader message = RawPeer.Read(datagram);
        string actual = expected.Describe(message.Code, message.Options, message.Payload, names);
        Assert.Equal($"{expected.Expected(names)} of {expected.Line}", $"{actual} of {expected.Line}");
        Assert.Equal(expected.Token, Convert.ToHexStringLower(message.Token));
        if (expected.Type == CoapType.Acknowledgement)
        {
            Assert.Equal((CoapType.Acknowledgement, expected.MessageId), (message.Type, message.MessageId));
        }
        else
        {
            Assert.NotEqual(CoapType.Acknowledgement, message.Type);
        }

        if (message.Options.TryFind(CoapOptionNumber.Observe, out CoapOption observe))
        {
            Assert.True(observe.TryGetUInt32(out uint number) && number > observed, $"{expected.Line}: {number} after {observed}");
            observed = number;
        }
    }

    private CoapServer Server(FigureVector figure)
    {
        CoapRouter router = new CoapRouter()
            .MapObservable("/{*path}", request => Answer(request, CoapCode.Content, figure))
            .MapPost("/{*path}", request => Store(request, figure))
            .MapPut("/{*path}", request => Store(request, figure));
        return CoapServer.Start(router.HandleAsync, new CoapServerOptions
        {
            Udp = new IPEndPoint(IPAddress.Loopback, 0),
            UdpOptions = new CoapUdpOptions
            {
                BlockSizes = new CoapBlockSizes { SizeExponent = figure.SizeExponent, MaxPayload = figure.BlockSize },
                QBlock = new CoapQBlockOptions { NonTimeout = TimeSpan.FromMilliseconds(200), NonReceiveTimeout = TimeSpan.FromMilliseconds(1300) },
                Observers = new CoapObserversOptions { NonConfirmableInterval = TimeSpan.FromMilliseconds(1) },
            },
        });
    }

    private CoapResponse Store(CoapRequest request, FigureVector figure)
    {
        Assert.Equal(FigureMessage.Pattern(0, figure.RequestLength), request.Payload.ToArray());
        return Answer(request, CoapCode.Changed, figure);
    }

    /// <summary>A body of the figure's length, or the state that a line of it has given; a new entity-tag with each change.</summary>
    private CoapResponse Answer(CoapRequest request, CoapCode code, FigureVector figure)
    {
        CoapETag tag = new([(byte)_version]);
        if (request.HasETag(tag))
        {
            return CoapResponse.Valid(tag);
        }

        byte[] payload = figure.ResponseLength != 0 ? FigureMessage.Pattern(0, figure.ResponseLength) : code == CoapCode.Content ? System.Text.Encoding.UTF8.GetBytes(_state) : [];
        return new CoapResponse(code) { Payload = payload }.WithETag(tag);
    }
}
