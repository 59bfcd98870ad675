using Flint.Testing;

namespace Flint.Coap.Tests.Exchange;

/// <summary>Whatever datagrams come, from however many peers: nothing throws, nothing grows beyond its limit, nothing is left, and every datagram is counted.</summary>
public sealed class HostileTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range((int)PropertyRunner.Seed, 4)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Datagrams_RandomAndMutated_DoNoHarm(int seed)
    {
        var random = new Random(seed);
        var layer = new LayerUnderTest(new CoapMessageLayerOptions
        {
            MaxPeers = 20,
            MaxExchanges = 30,
            MaxExchangesPerPeer = 8,
            MaxSends = 10,
            MaxSendsPerPeer = 4,
            MaxDeduplicatedPerPeer = 50,
            DeduplicationBytes = 1 << 16,
            IdempotentDeduplicationBytes = 1 << 15,
            MaxOutputBytes = 8192,
        });
        var peers = new List<CoapPeerHandle> { layer.Peer };
        var open = new List<CoapExchangeHandle>();
        byte[][] seeds =
        [
            Datagrams.Request(CoapCode.Get, "aabb", payload: [1]), Datagrams.Request(CoapCode.Post, "", CoapType.NonConfirmable), Datagrams.Response(CoapCode.Content, "cc"),
            Datagrams.Response(CoapCode.Content, "cc", CoapType.Confirmable), Datagrams.Empty(CoapType.Confirmable, 1), Datagrams.Empty(CoapType.Acknowledgement, 2), Datagrams.Empty(CoapType.Reset, 3),
        ];
        const int Count = 60_000;
        for (int i = 0; i < Count; i++)
        {
            byte[] datagram = Mutate(random, seeds);
            CoapPeerHandle peer = peers[random.Next(peers.Count)];
            CoapReceived received = layer.Layer.OnDatagram(peer, datagram, layer.Now, random.Next(20) == 0);
            if (received.Kind == CoapReceivedKind.Request)
            {
                open.Add(received.Exchange);
            }

            Act(random, layer, peers, open);
            if (random.Next(50) != 0)
            {
                layer.Sent();
                layer.Ended();
            }

            Assert.InRange(layer.Layer.SendCount, 0, 10);
            Assert.InRange(layer.Layer.ExchangeCount, 0, 30);
            Assert.InRange(layer.Layer.PeerCount, 0, 20);
        }

        Assert.Equal(Count, layer.Layer.Counters.Received);
        Assert.True(Enum.GetValues<CoapReadStatus>().Count(status => layer.Layer.Counters.Malformed(status) > 0) > 10);
        open.ForEach(exchange => layer.Layer.RespondNothing(exchange, layer.Now));
        layer.Sent();
        layer.AssertEmptyAtTheEnd();
    }

    private static byte[] Mutate(Random random, byte[][] seeds)
    {
        byte[] datagram = [.. seeds[random.Next(seeds.Length)]];
        datagram[2] = (byte)random.Next(2);
        datagram[3] = (byte)random.Next(256);
        for (int i = random.Next(4); i > 0; i--)
        {
            datagram[random.Next(datagram.Length)] = (byte)random.Next(256);
        }

        return random.Next(4) == 0 ? datagram[..random.Next(datagram.Length + 1)] : datagram;
    }

    /// <summary>What a server and client do meanwhile, in any order.</summary>
    private static void Act(Random random, LayerUnderTest layer, List<CoapPeerHandle> peers, List<CoapExchangeHandle> open)
    {
        CoapPeerHandle peer = peers[random.Next(peers.Count)];
        switch (random.Next(12))
        {
            case 0 when open.Count > 0:
                int which = random.Next(open.Count);
                layer.Respond(open[which], Datagrams.Response(CoapCode.Content, "aabb", payload: new byte[random.Next(1000)]));
                open.RemoveAt(which);
                break;
            case 1 when open.Count > 0:
                layer.Layer.Reject(open[^1], layer.Now);
                open.RemoveAt(open.Count - 1);
                break;
            case 2:
                CoapType type = random.Next(2) == 0 ? CoapType.Confirmable : CoapType.NonConfirmable;
                layer.Layer.TryRequest(peer, Datagrams.Request(CoapCode.Get, $"{random.Next(256):x2}", type), random.Next(3) == 0, TimeSpan.FromSeconds(60), null, layer.Now, out CoapSendHandle request);
                if (random.Next(2) == 0)
                {
                    layer.Layer.Cancel(request, layer.Now);
                }

                break;
            case 3:
                layer.Layer.TrySendConfirmable(peer, Datagrams.Response(CoapCode.Content, "cc"), "x", layer.Now, out CoapSendHandle response);
                layer.Layer.TryReplace(response, Datagrams.Response(CoapCode.Content, "cc", payload: [1, 2, 3]));
                break;
            case 4:
                layer.Pass(random.NextDouble() * 5);
                break;
            case 5 when random.Next(20) == 0:
                layer.Layer.OnUnreachable(peer, layer.Now);
                break;
            case 6 when random.Next(20) == 0 && peers.Count > 1:
                layer.Layer.RemovePeer(peer, layer.Now);
                peers.Remove(peer);
                break;
            case 7 when layer.Layer.TryAddPeer(layer.Now, out CoapPeerHandle added):
                peers.Add(added);
                break;
            case 8 when random.Next(20) == 0 && peers.Count > 1 && layer.Layer.TryTakeIdlePeer(layer.Now, TimeSpan.Zero, out CoapPeerHandle idle):
                peers.Remove(idle);
                if (peers.Count == 0)
                {
                    peers.Add(layer.AddPeer());
                }

                break;
        }
    }
}
