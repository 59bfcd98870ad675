namespace Flint.Coap.Tests.Interop;

/// <summary>libcoap as it is packaged does not know Q-Block (RFC 9177 section 4.1): our client asks it, is refused with 4.02, and uses blocks.</summary>
public sealed class LibCoapBurstTests
{
    [Fact]
    public async Task Server_ThatDoesNotKnowBursts_IsGivenBlocks()
    {
        LibCoapProgram.Require();
        using LibCoapProgram.RunningServer server = await LibCoapProgram.ServerAsync();
        await using CoapClient client = await CoapClient.ConnectAsync(server.Udp, new() { Udp = new() { QBlock = new CoapQBlockOptions { Use = true } } });
        var body = new byte[5000];
        new Random(1).NextBytes(body);

        Assert.True((await client.PutAsync("/example_data", body, CoapContentFormat.OctetStream)).Code.IsSuccess());
        Assert.Equal(body, (await client.GetAsync("/example_data")).Payload.ToArray());
    }
}
