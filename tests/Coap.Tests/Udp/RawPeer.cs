using System.Net;
using System.Net.Sockets;
using Flint.Coap.Tests.Exchange;
using Flint.Testing;

namespace Flint.Coap.Tests.Udp;

/// <summary>A stranger with a bare socket on loopback.</summary>
internal sealed class RawPeer : IDisposable
{
    public RawPeer(int port) => Socket.Connect(IPAddress.Loopback, port);

    public Socket Socket { get; } = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

    public void Dispose() => Socket.Dispose();

    public void Send(byte[] datagram) => Socket.Send(datagram);

    /// <summary>The next datagram that is more than an acknowledgement: a server that is slow sends one first, and then a confirmable response, which is acknowledged here.</summary>
    public async Task<byte[]> ReceiveAsync()
    {
        byte[] datagram = await ReceiveOneAsync();
        if (Read(datagram) is not { Type: CoapType.Acknowledgement, Code: CoapCode.Empty })
        {
            return datagram;
        }

        byte[] response = await ReceiveOneAsync();
        if (Read(response).Type == CoapType.Confirmable)
        {
            Send([0x60, 0, response[2], response[3]]);
        }

        return response;
    }

    public async Task<string> DescribeNextAsync() => Datagrams.Describe(await ReceiveOneAsync());

    /// <summary>The next datagram, whatever it is.</summary>
    public async Task<byte[]> ReceiveOneAsync()
    {
        var buffer = new byte[2048];
        using var timeout = new CancellationTokenSource(Eventually.Limit);
        int length = await Socket.ReceiveAsync(buffer, SocketFlags.None, timeout.Token);
        return buffer[..length];
    }

    /// <summary>Whether nothing comes but the answer to a ping that is sent now.</summary>
    public async Task AssertSilenceAsync()
    {
        Send(Datagrams.Empty(CoapType.Confirmable, 0xfade));
        Assert.Equal("RST 0.00 fade", await DescribeNextAsync());
    }

    /// <summary>A request with Uri-Path segments and other options, which come behind.</summary>
    public static byte[] Request(CoapCode code, ushort messageId, string token, string path, CoapType type = CoapType.Confirmable, params (CoapOptionNumber, byte[])[] options)
    {
        var list = new CoapOptionList();
        foreach (string segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            list.Add(CoapOptionNumber.UriPath, segment);
        }

        foreach ((CoapOptionNumber number, byte[] value) in options)
        {
            list.Add(number, value);
        }

        var buffer = new byte[2048];
        var writer = new CoapMessageWriter(buffer);
        writer.WriteHeader(type, code, messageId, Convert.FromHexString(token));
        writer.WriteOptions(list.View);
        Assert.True(writer.TryComplete(out int length));
        return buffer[..length];
    }

    public static CoapMessageReader Read(byte[] datagram)
    {
        Assert.Equal(CoapReadStatus.Ok, CoapMessageReader.TryRead(datagram, out CoapMessageReader message));
        return message;
    }

    public static byte[] Option(byte[] datagram, CoapOptionNumber number)
    {
        Assert.True(Read(datagram).Options.TryFind(number, out CoapOption option), $"{number} is missing");
        return option.Value.ToArray();
    }
}
