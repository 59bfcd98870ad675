using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Flint.Coap;

namespace Flint.Benchmarks.Coap.Load;

/// <summary>A server in a process of its own: ours, or the bare loop that is the limit. Both answer GET /time with 15 bytes.</summary>
internal static class LoadServer
{
    /// <summary>Prints its port; then, for each line on standard input, the bytes that it has allocated so far.</summary>
    public static async Task<int> RunAsync(string kind)
    {
        if (kind == "bare")
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            Tell(((IPEndPoint)socket.LocalEndPoint!).Port);
            new Thread(() => Serve(socket)) { IsBackground = true }.Start();
            Report();
            return 0;
        }

        CoapResponse response = CoapResponse.Content("Nov 21 23:19:00");
        CoapRouter router = new CoapRouter().MapGet("/time", _ => response);
        await using CoapServer server = CoapServer.Start(router.HandleAsync, new CoapServerOptions { Udp = new IPEndPoint(IPAddress.Loopback, 0) });
        Tell(server.UdpEndPoint!.Port);
        Report();
        return 0;
    }

    /// <summary>The limit: receive, turn the request into a response, send.</summary>
    private static void Serve(Socket socket)
    {
        var buffer = new byte[1500];
        var from = new SocketAddress(AddressFamily.InterNetwork);
        byte[] body = [0xff, .. "Nov 21 23:19:00"u8];
        while (true)
        {
            socket.ReceiveFrom(buffer, SocketFlags.None, from);
            buffer[0] = 0x64;
            buffer[1] = (byte)CoapCode.Content;
            body.CopyTo(buffer, 8);
            socket.SendTo(buffer.AsSpan(0, 8 + body.Length), SocketFlags.None, from);
        }
    }

    private static void Report()
    {
        while (Console.ReadLine() is not null)
        {
            Tell(GC.GetTotalAllocatedBytes(precise: true));
        }
    }

    private static void Tell(long value) => Console.WriteLine(value.ToString(CultureInfo.InvariantCulture));
}
