using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Flint.Testing;

namespace Flint.Coap.Tests.Udp;

/// <summary>[C-141] What the network reports about one peer ends what is under way to it, and nothing else. Linux alone tells a server which peer it is.</summary>
public sealed class IcmpTests
{
    private int _state;

    /// <summary>The attack first: a made-up error that quotes no message of this server.</summary>
    [Fact]
    public async Task Error_ThatQuotesNothingUnderWay_IsIgnored()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux queues errors.");
        await using CoapServer server = Server();
        int port = server.UdpEndPoint!.Port;
        using var observer = new RawPeer(port);
        await ObserveAsync(observer);
        await server.NotifyAsync("/state");
        ushort messageId = RawPeer.Read(await observer.ReceiveAsync()).MessageId;

        int observerPort = ((IPEndPoint)observer.Socket.LocalEndPoint!).Port;
        Forge(port, observerPort, [0x51, 0x45, (byte)(messageId >> 8), (byte)((messageId & 0xff) ^ 0x55)]);
        Forge(port, observerPort, [0x51]);
        Forge(port, observerPort, []);
        await observer.AssertSilenceAsync();
        await server.NotifyAsync("/state");
        Assert.Equal(CoapCode.Content, RawPeer.Read(await observer.ReceiveAsync()).Code);

        // The same with the right message id, so that the silence above proves something.
        Forge(port, observerPort, [0x51, 0x45, .. LatestOf(messageId)]);
        await observer.AssertSilenceAsync();
        await server.NotifyAsync("/state");
        await observer.AssertSilenceAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public async Task Observer_WhosePortIsClosed_IsForgotten(int confirmableEvery)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux queues errors.");
        await using CoapServer server = Server(confirmableEvery);
        using var other = new RawPeer(server.UdpEndPoint!.Port);
        await ObserveAsync(other);
        var gone = new RawPeer(server.UdpEndPoint!.Port);
        await ObserveAsync(gone);
        gone.Dispose();

        int sent = 0;
        for (int i = 0; i < 3; i++)
        {
            await server.NotifyAsync("/state");
            byte[] notification = await other.ReceiveAsync();
            Assert.Equal(CoapCode.Content, RawPeer.Read(notification).Code);
            if (RawPeer.Read(notification).Type == CoapType.Confirmable)
            {
                other.Send([0x60, 0, notification[2], notification[3]]);
            }

            sent++;
        }

        await other.AssertSilenceAsync();
        Assert.Equal(3, sent);
        Assert.Equal(0, server.InspectUdp(layer => layer.SendCount));
        Assert.Equal(0, server.InspectUdp(layer => layer.Counters.Retransmissions));
    }

    /// <summary>Many peers that have gone cost the others nothing but a moment.</summary>
    [Fact]
    public async Task ManyPeersGone_TheOthersAreAnswered()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux queues errors.");
        await using CoapServer server = Server(confirmableEvery: 1);
        for (int i = 0; i < 200; i++)
        {
            using var gone = new RawPeer(server.UdpEndPoint!.Port);
            await ObserveAsync(gone);
        }

        await server.NotifyAsync("/state");
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://127.0.0.1:{server.UdpEndPoint!.Port}"));
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(CoapCode.Content, (await client.GetAsync("/state")).Code);
        }

        await Eventually.HoldsAsync(() => server.InspectUdp(layer => layer.SendCount) == 0);
        Assert.Equal(0, server.InspectUdp(layer => layer.Counters.Retransmissions));
    }

    [Fact]
    public async Task Observation_OfAServerThatIsGone_EndsWithUnreachable()
    {
        CoapServer server = Server();
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://127.0.0.1:{server.UdpEndPoint!.Port}"));
        using var timeout = new CancellationTokenSource(Eventually.Limit);
        await using IAsyncEnumerator<CoapResponse> states = client.ObserveAsync("/state", timeout.Token).GetAsyncEnumerator(timeout.Token);
        Assert.True(await states.MoveNextAsync());
        await server.DisposeAsync();

        Task<CoapException> request = Assert.ThrowsAsync<CoapException>(() => client.GetAsync("/state", timeout.Token));
        Assert.Equal(CoapError.Unreachable, (await request).Error);
        Assert.Equal(CoapError.Unreachable, (await Assert.ThrowsAsync<CoapException>(async () => await states.MoveNextAsync())).Error);
    }

    private CoapServer Server(int confirmableEvery = 10) => CoapServer.Start(
        new CoapRouter().MapObservable("/state", _ => CoapResponse.Content($"{_state++}")).HandleAsync,
        new CoapServerOptions
        {
            Udp = new IPEndPoint(IPAddress.IPv6Any, 0),
            UdpOptions = new CoapUdpOptions { Observers = new CoapObserversOptions { ConfirmableEvery = confirmableEvery, NonConfirmableInterval = TimeSpan.Zero } },
        });

    private static async Task ObserveAsync(RawPeer peer)
    {
        peer.Send(RawPeer.Request(CoapCode.Get, 1, "aa", "state", options: (CoapOptionNumber.Observe, [])));
        RawPeer.Option(await peer.ReceiveAsync(), CoapOptionNumber.Observe);
    }

    private static byte[] LatestOf(ushort earlier)
    {
        var id = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(id, unchecked((ushort)(earlier + 1)));
        return id;
    }

    /// <summary>Sends "port unreachable" with the headers of a datagram from one port of loopback to another, and what it is said to hold.</summary>
    private static void Forge(int from, int to, byte[] quoted)
    {
        Socket raw;
        try
        {
            raw = new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp);
        }
        catch (SocketException)
        {
            Assert.Skip("Raw sockets are not allowed here.");
            return;
        }

        using (raw)
        {
            var packet = new byte[36 + quoted.Length];
            packet[0] = 3;
            packet[1] = 3;
            Span<byte> ip = packet.AsSpan(8);
            ip[0] = 0x45;
            BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(28 + quoted.Length));
            ip[8] = 64;
            ip[9] = 17;
            IPAddress.Loopback.TryWriteBytes(ip[12..], out _);
            IPAddress.Loopback.TryWriteBytes(ip[16..], out _);
            BinaryPrimitives.WriteUInt16BigEndian(ip[20..], (ushort)from);
            BinaryPrimitives.WriteUInt16BigEndian(ip[22..], (ushort)to);
            BinaryPrimitives.WriteUInt16BigEndian(ip[24..], (ushort)(8 + quoted.Length));
            quoted.CopyTo(ip[28..]);
            uint sum = 0;
            for (int i = 0; i < packet.Length; i += 2)
            {
                sum += (uint)packet[i] << 8 | (i + 1 < packet.Length ? packet[i + 1] : 0u);
            }

            while (sum > 0xffff)
            {
                sum = (sum & 0xffff) + (sum >> 16);
            }

            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)(~sum & 0xffff));
            raw.SendTo(packet, new IPEndPoint(IPAddress.Loopback, 0));
        }
    }
}
