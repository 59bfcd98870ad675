using Flint.Coap.Tests.Properties;
using Flint.Coap.Tests.Rfc8323;

namespace Flint.Coap.Tests.Figures;

/// <summary>The exchanges of RFC 8323, played against a connection by a peer that knows nothing but its lines.</summary>
public sealed class StreamFigureTests
{
    public static TheoryData<string> PlayedByServer() => FigureVector.PlayedBy("stream server");

    public static TheoryData<string> PlayedByClient() => FigureVector.PlayedBy("stream client");

    [Theory]
    [MemberData(nameof(PlayedByServer))]
    public async Task Figure_IsAnsweredAsDrawn(string id)
    {
        FigureVector figure = FigureVector.All[id];
        var pair = new PipePair();
        byte[] stored = [];
        await using CoapConnection connection = CoapConnection.Start(pair.Far, new()
        {
            Handler = (request, _) =>
            {
                stored = request.Payload.ToArray();
                return new(CoapResponse.Changed());
            },
        });
        ScriptedPeer peer = await BeginAsync(pair);
        foreach (FigureMessage message in figure.Messages.OfType<FigureMessage>())
        {
            if (message.FromClient)
            {
                await peer.SendAsync(message.ToStream([7], new FigureNames()));
            }
            else
            {
                AssertIs(message, await peer.ReceiveAsync(), new FigureNames());
            }
        }

        Assert.Equal(FigureMessage.Pattern(0, figure.RequestLength), stored);
    }

    [Theory]
    [MemberData(nameof(PlayedByClient))]
    public async Task Figure_IsAskedAsDrawn(string id)
    {
        FigureVector figure = FigureVector.All[id];
        var pair = new PipePair();
        await using CoapConnection connection = CoapConnection.Start(pair.Far);
        ScriptedPeer peer = await BeginAsync(pair);
        Task<CoapResponse> asking = connection.GetAsync(figure.Lines[0].Split(' ').Single(word => word[0] == '/'));
        byte[] token = [];
        foreach (FigureMessage message in figure.Messages.OfType<FigureMessage>())
        {
            if (message.FromClient)
            {
                PlainMessage? request = await peer.ReceiveAsync();
                AssertIs(message, request, new FigureNames());
                token = request!.Token;
            }
            else
            {
                await peer.SendAsync(message.ToStream(token, new FigureNames()));
            }
        }

        Assert.Equal(FigureMessage.Pattern(0, figure.ResponseLength), (await asking).Payload.ToArray());
    }

    /// <summary>A peer that takes 64 KiB at once, and BERT (RFC 8323 section 5.3).</summary>
    private static async Task<ScriptedPeer> BeginAsync(PipePair pair)
    {
        var peer = new ScriptedPeer(pair.Near);
        await peer.SendAsync(CoapCode.Csm, [], [((CoapOptionNumber)2, [1, 0, 0]), ((CoapOptionNumber)4, [])]);
        Assert.Equal(CoapCode.Csm, (await peer.ReceiveAsync())!.Code);
        return peer;
    }

    private static void AssertIs(FigureMessage expected, PlainMessage? message, FigureNames names)
    {
        var options = new CoapOptionList();
        foreach ((CoapOptionNumber number, byte[] value) in message!.Options)
        {
            options.Add(number, value);
        }

        Assert.Equal(expected.Expected(names), expected.Describe(message.Code, options.View, message.Payload, names));
    }
}
