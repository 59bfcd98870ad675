using Flint.Coap.Tests.Properties;
using Flint.Testing;

namespace Flint.Coap.Tests.Rfc8323;

/// <summary>RFC 8323 section 6: bodies larger than a message, with several blocks in one where the peer takes BERT.</summary>
public sealed class Section6_BlockwiseTests
{
    private int _reads;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1023)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(65_000)]
    [InlineData(65_536)]
    [InlineData(1_000_000)]
    public async Task Body_BothWays_IsTheSame(int length)
    {
        byte[] stored = [];
        await using Ends ends = Ends.Start(far: new() { Handler = Store });

        Assert.Equal(CoapCode.Changed, (await ends.Near.PutAsync("/x", Body(length))).Code);
        Assert.Equal(Body(length), stored);
        CoapResponse response = await ends.Near.GetAsync("/x");

        Assert.Equal(Body(length), response.Payload.ToArray());
        Assert.False(response.Options.TryFind(CoapOptionNumber.Block2, out _));
        Assert.Equal(1, _reads);

        ValueTask<CoapResponse> Store(CoapRequest request, CancellationToken cancellationToken)
        {
            if (request.Method == CoapCode.Put)
            {
                stored = request.Payload.ToArray();
                return new(CoapResponse.Changed());
            }

            _reads++;
            return new(CoapResponse.Content(stored));
        }
    }

    [Fact]
    public async Task EachEnd_ServesTheOther()
    {
        var options = new CoapConnectionOptions { Handler = (request, _) => new(CoapResponse.Content(request.Payload.ToArray())) };
        await using Ends ends = Ends.Start(options, options);

        CoapResponse[] responses = await Task.WhenAll(ends.Near.PostAsync("/echo", Body(200_000)), ends.Far.PostAsync("/echo", Body(300_000)));

        Assert.Equal(Body(200_000), responses[0].Payload.ToArray());
        Assert.Equal(Body(300_000), responses[1].Payload.ToArray());
    }

    [Fact]
    public async Task SmallMaxMessageSize_TakesBlocksThatFit()
    {
        await using Ends ends = Ends.Start(near: new() { MaxMessageSize = 1152 }, far: new() { Handler = (request, _) => new(CoapResponse.Content(request.Payload.ToArray())) });

        Assert.Equal(Body(5000), (await ends.Near.PostAsync("/echo", Body(5000))).Payload.ToArray());
    }

    [Fact]
    public async Task Message_ThatFits_GoesWhole()
    {
        (ScriptedPeer peer, CoapConnection connection) = await ScriptAsync(blockWise: false, large: false, (_, _) => new(CoapResponse.Content(Body(1120))));
        await using CoapConnection owned = connection;

        await peer.SendAsync(CoapCode.Get, [1]);
        PlainMessage response = (await peer.ReceiveAsync())!;

        Assert.Equal(1120, response.Payload.Length);
        Assert.DoesNotContain(response.Options, option => option.Number == CoapOptionNumber.Block2);
        await peer.EndAsync();
    }

    [Fact]
    public async Task LongPath_LeavesRoomForSmallerBlocks()
    {
        await using Ends ends = Ends.Start(near: new() { MaxMessageSize = 1152 }, far: new() { Handler = (request, _) => new(CoapResponse.Content(request.Payload.ToArray())) });

        string path = "/" + new string('a', 250) + "/" + new string('b', 250);
        Assert.Equal(Body(5000), (await ends.Near.PostAsync(path, Body(5000))).Payload.ToArray());
    }

    [Theory]
    [InlineData(true, true, 7, 3072)]
    [InlineData(true, false, 6, 1024)]       // a small Max-Message-Size: no BERT (section 5.3.2)
    [InlineData(false, true, 6, 1024)]       // no Block-Wise-Transfer: no BERT
    public async Task Response_GoesInTheBlocksThatThePeerDeclared(bool blockWise, bool large, int exponent, int count)
    {
        (ScriptedPeer peer, CoapConnection connection) = await ScriptAsync(blockWise, large, (_, _) => new(CoapResponse.Content(Body(9000))));
        await using CoapConnection owned = connection;

        await peer.SendAsync(CoapCode.Get, [1], [(CoapOptionNumber.UriPath, [(byte)'x'])]);
        PlainMessage first = (await peer.ReceiveAsync())!;
        await peer.SendAsync(CoapCode.Get, [2], [(CoapOptionNumber.UriPath, [(byte)'x']), (CoapOptionNumber.Block2, Uint(new CoapBlock(count / 1024, false, exponent).Value))]);
        PlainMessage second = (await peer.ReceiveAsync())!;

        Assert.Equal(new CoapBlock(0, true, exponent).Value, Value(first, CoapOptionNumber.Block2));
        Assert.Equal(9000u, Value(first, CoapOptionNumber.Size2));
        Assert.Equal(new CoapBlock(count / 1024, true, exponent).Value, Value(second, CoapOptionNumber.Block2));
        Assert.Equal(Body(9000)[..(2 * count)], (byte[])[.. first.Payload, .. second.Payload]);
        await peer.EndAsync();
    }

    [Theory]
    [InlineData(true, 7, 3072)]
    [InlineData(false, 6, 1024)]
    public async Task Request_GoesInTheBlocksThatThePeerDeclared(bool blockWise, int exponent, int count)
    {
        (ScriptedPeer peer, CoapConnection connection) = await ScriptAsync(blockWise, large: true, null);
        await using CoapConnection owned = connection;

        Task<CoapResponse> put = connection.PutAsync("/x", Body(5000));
        var received = new List<byte>();
        byte[]? tag = null;
        while (received.Count < 5000)
        {
            PlainMessage part = (await peer.ReceiveAsync())!;
            CoapBlock block = Block(part, CoapOptionNumber.Block1);
            Assert.Equal(received.Count, block.Offset);
            Assert.Equal(exponent, block.SizeExponent);
            received.AddRange(part.Payload);
            Assert.Equal(received.Count < 5000, block.More);
            Assert.True(part.Payload.Length <= count);
            byte[] own = part.Options.Single(option => option.Number == CoapOptionNumber.RequestTag).Value;
            Assert.Equal(tag ??= own, own);
            await peer.SendAsync(block.More ? CoapCode.Continue : CoapCode.Changed, part.Token, [(CoapOptionNumber.Block1, Uint(block.Value))]);
        }

        Assert.Equal(CoapCode.Changed, (await put).Code);
        Assert.Equal(Body(5000), received);
        await peer.EndAsync();
    }

    [Fact]
    public async Task PeerThatAnswersInSmallerBlocks_IsFollowed()
    {
        (ScriptedPeer peer, CoapConnection connection) = await ScriptAsync(blockWise: true, large: true, null);
        await using CoapConnection owned = connection;

        Task<CoapResponse> put = connection.PutAsync("/x", Body(5000));
        PlainMessage part = (await peer.ReceiveAsync())!;
        await peer.SendAsync(CoapCode.Continue, part.Token, [(CoapOptionNumber.Block1, Uint(new CoapBlock(0, true, 5).Value))]);
        part = (await peer.ReceiveAsync())!;

        Assert.Equal(new CoapBlock(6, true, 5), Block(part, CoapOptionNumber.Block1));
        Assert.Equal(Body(5000)[3072..3584], part.Payload);
        await peer.EndAsync();
        await Assert.ThrowsAsync<CoapException>(() => put);
    }

    [Theory]
    [InlineData("0e", 1000)]        // BERT with M, and no multiple of 1024 bytes
    [InlineData("0f", 1000)]
    [InlineData("0e", 0)]
    [InlineData("01020304", 16)]    // four bytes
    public async Task MalformedBlock_IsABadRequest(string block, int length)
    {
        bool handled = false;
        (ScriptedPeer peer, CoapConnection connection) = await ScriptAsync(blockWise: true, large: true, (_, _) =>
        {
            handled = true;
            return new(CoapResponse.Changed());
        });
        await using CoapConnection owned = connection;

        // The low bits: 0e is SZX 6 with M, 0f is SZX 7 with M.
        await peer.SendAsync(CoapCode.Put, [1], [(CoapOptionNumber.Block1, Convert.FromHexString(block))], new string('x', length));

        Assert.Contains((await peer.ReceiveAsync())!.Code, new[] { CoapCode.BadRequest, CoapCode.BadOption });
        Assert.False(handled);
        await peer.EndAsync();
    }

    [Fact]
    public async Task BodyAboveTheLimit_IsRefusedBeforeItIsStored()
    {
        await using Ends ends = Ends.Start(far: new() { MaxBody = 100_000, Handler = (_, _) => new(CoapResponse.Changed()) });

        Assert.Equal(CoapCode.RequestEntityTooLarge, (await ends.Near.PutAsync("/x", Body(100_001))).Code);
        Assert.Equal(CoapCode.Changed, (await ends.Near.PutAsync("/x", Body(100_000))).Code);
    }

    [Fact]
    public async Task BodiesUnderWayAboveTheLimit_AreRefused()
    {
        (ScriptedPeer peer, CoapConnection connection) = await ScriptAsync(blockWise: true, large: true, (_, _) => new(CoapResponse.Changed()));
        await using CoapConnection owned = connection;

        var codes = new List<CoapCode>();
        for (byte i = 0; i < 9; i++)
        {
            await peer.SendAsync(CoapCode.Put, [i], [(CoapOptionNumber.UriPath, [i]), (CoapOptionNumber.Block1, Uint(new CoapBlock(0, true, 6).Value))], new string('x', 1024));
            codes.Add((await peer.ReceiveAsync())!.Code);
        }

        Assert.Equal([.. Enumerable.Repeat(CoapCode.Continue, 8), CoapCode.ServiceUnavailable], codes);
        Assert.Equal(8, connection.BodyCount);
        await peer.EndAsync();
        await connection.Completion;
        Assert.Equal(0, connection.BodyCount);
    }

    [Fact]
    public async Task LargeResponse_OfWhichNoMoreIsAskedFor_IsForgottenInTime()
    {
        await using Ends ends = Ends.Start(far: new()
        {
            BodyTimeout = TimeSpan.FromSeconds(1),
            Handler = (_, _) => new(CoapResponse.Content(Body(100_000))),
        });
        var request = new CoapRequest(CoapCode.Get, "/x");
        request.Options.Add(CoapOptionNumber.Block2, new CoapBlock(0, false, 6).Value);

        await ends.Near.SendAsync(request);
        Assert.Equal(1, ends.Far.BodyCount);
        await Eventually.HoldsAsync(() => ends.Far.BodyCount == 0);

        Assert.Equal(0, ends.Far.BodyCount);
    }

    private static async Task<(ScriptedPeer Peer, CoapConnection Connection)> ScriptAsync(bool blockWise, bool large, CoapHandler? handler)
    {
        var pair = new PipePair();
        var peer = new ScriptedPeer(pair.Far);
        CoapConnection connection = CoapConnection.Start(pair.Near, new() { Handler = handler, CloseTimeout = TimeSpan.FromMilliseconds(20) });
        var csm = new List<(CoapOptionNumber, byte[])>();
        if (large)
        {
            csm.Add((CoapSignallingOption.MaxMessageSize, Uint(4000)));
        }

        if (blockWise)
        {
            csm.Add((CoapSignallingOption.BlockWiseTransfer, []));
        }

        await peer.SendAsync(CoapCode.Csm, [], [.. csm]);
        PlainMessage own = (await peer.ReceiveAsync())!;
        Assert.Contains(own.Options, option => option.Number == CoapSignallingOption.BlockWiseTransfer);
        return (peer, connection);
    }

    private static CoapBlock Block(PlainMessage message, CoapOptionNumber number)
    {
        uint value = Value(message, number);
        return new CoapBlock((int)(value >> 4), (value & 8) != 0, (int)(value & 7));
    }

    private static uint Value(PlainMessage message, CoapOptionNumber number) =>
        message.Options.Single(option => option.Number == number).Value.Aggregate(0u, (value, b) => value << 8 | b);

    private static byte[] Uint(uint value)
    {
        byte[] bytes = [(byte)(value >> 24), (byte)(value >> 16 & 0xff), (byte)(value >> 8 & 0xff), (byte)(value & 0xff)];
        return [.. bytes.SkipWhile(b => b == 0)];
    }

    private static byte[] Body(int length)
    {
        var body = new byte[length];
        new Random(1).NextBytes(body);
        return body;
    }
}
