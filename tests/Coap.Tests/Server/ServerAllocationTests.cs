using System.Net;
using System.Net.Sockets;

namespace Flint.Coap.Tests.Server;

/// <summary>Alone in the process while it runs: it looks at what all threads allocate.</summary>
[CollectionDefinition(nameof(ServerAllocationTests), DisableParallelization = true)]
[Collection(nameof(ServerAllocationTests))]
public sealed class ServerAllocationTests
{
    [Fact]
    public async Task Server_InSteadyState_AllocatesNothingForARequest()
    {
        CoapResponse cached = CoapResponse.Content("22.3");
        CoapRouter router = new CoapRouter().MapGet("/v/{name}", _ => cached);
        await using CoapServer server = CoapServer.Start(router.HandleAsync, new CoapServerOptions { Udp = new IPEndPoint(IPAddress.Loopback, 0) });
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(server.UdpEndPoint!);
        socket.ReceiveTimeout = 10_000;
        byte[] request = Convert.FromHexString("44010000a1b2c3d4" + "b176" + "0b" + Convert.ToHexString("temperature"u8));
        var response = new byte[100];

        ushort id = Exchange(0, 20_000);
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            id = Exchange(id, Requests);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        // What the runtime itself does beside it is no more than a few objects; one object a request would be 24 bytes and more.
        Assert.InRange(least, 0, Requests);

        ushort Exchange(ushort first, int count)
        {
            for (int i = 0; i < count; i++, first = unchecked((ushort)(first + 1)))
            {
                request[2] = (byte)(first >> 8);
                request[3] = (byte)(first & 0xff);
                socket.Send(request);
                if (socket.Receive(response) <= 8 || response[1] != (byte)CoapCode.Content)
                {
                    throw new InvalidDataException("The response is wrong.");
                }
            }

            return first;
        }
    }

    private const int Requests = 2000;
}
