using System.Net;
using Flint.Coap.Tests.Udp;

namespace Flint.Coap.Tests;

/// <summary>RFC 8768 section 3: a server is the last hop, and counts nothing down; a value that cannot be is refused.</summary>
public sealed class Rfc8768HopLimitTests
{
    [Theory]
    [InlineData("00", CoapCode.BadRequest)]
    [InlineData("", CoapCode.BadRequest)]
    [InlineData("0100", CoapCode.BadRequest)]
    [InlineData("01", CoapCode.Content)]
    [InlineData("ff", CoapCode.Content)]
    public async Task Request_WithAHopLimit_IsRefusedWhereItCannotBe(string value, CoapCode code)
    {
        await using CoapServer server = CoapServer.Start(
            (_, _) => new(CoapResponse.Content("x")), new CoapServerOptions { Udp = new IPEndPoint(IPAddress.Loopback, 0) });
        using var peer = new RawPeer(server.UdpEndPoint!.Port);

        peer.Send(RawPeer.Request(CoapCode.Get, 1, "aa", "x", options: (CoapOptionNumber.HopLimit, Convert.FromHexString(value))));

        Assert.Equal(code, RawPeer.Read(await peer.ReceiveAsync()).Code);
    }
}
