using System.Net;
using System.Net.Sockets;
using Flint.Benchmarks.Ratios;
using Flint.Coap;

namespace Flint.Benchmarks.Coap;

/// <summary>A confirmable GET and its piggybacked response through a whole server on loopback, against a bare receive and send loop with as many bytes; one request at a time.</summary>
internal static class UdpEcho
{
    public static RatioCase Case()
    {
        CoapResponse response = CoapResponse.Content("22.3");
        CoapRouter router = new CoapRouter().MapGet("/v/{name}", _ => response);
        CoapServer server = CoapServer.Start(router.HandleAsync, new CoapServerOptions { Udp = new IPEndPoint(IPAddress.Loopback, 0) });
        Socket bare = Open();
        bare.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        new Thread(() => Echo(bare)) { IsBackground = true }.Start();

        byte[] request = Convert.FromHexString("44010000a1b2c3d4" + "b176" + "0b" + Convert.ToHexString("temperature"u8));
        Socket toServer = Open();
        toServer.Connect(server.UdpEndPoint!);
        Socket toBare = Open();
        toBare.Connect(bare.LocalEndPoint!);
        return new RatioCase("Coap", "GET through a UDP server", n => Exchange(toServer, request, n), "bare UDP echo", n => Exchange(toBare, request, n))
        {
            Bar = 1.67,
        };
    }

    private static void Exchange(Socket socket, byte[] request, int count)
    {
        Span<byte> answer = stackalloc byte[128];
        for (int i = 0; i < count; i++)
        {
            // Another message id for each, so that none is a duplicate.
            unchecked
            {
                if (++request[3] == 0)
                {
                    request[2]++;
                }
            }

            socket.Send(request);
            socket.Receive(answer);
        }
    }

    private static void Echo(Socket socket)
    {
        var buffer = new byte[128];
        var from = new SocketAddress(AddressFamily.InterNetwork);
        while (true)
        {
            int length = socket.ReceiveFrom(buffer, SocketFlags.None, from);
            socket.SendTo(buffer.AsSpan(0, length), SocketFlags.None, from);
        }
    }

    private static Socket Open() => new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
}
