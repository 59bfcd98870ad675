using System.Net;

namespace Flint.Coap.Tests.Interop;

/// <summary>TD_COAP_CORE_15, 16 and blocks in a lossy context: 30 and 50 %, between our client and libcoap's server, both ways.</summary>
public sealed class LossServerTests
{
    [Theory]
    [InlineData(0.3)]
    [InlineData(0.5)]
    public async Task CORE_15_16_And_LargeBody_Lossy(double loss)
    {
        LibCoapProgram.Require();
        using LibCoapProgram.RunningServer server = await LibCoapProgram.ServerAsync();
        using var relay = new LossyRelay(new IPEndPoint(IPAddress.Loopback, server.Port), loss, mostInARow: 2, seed: 5);
        await using CoapClient client = await ClientAsync(relay, TimeSpan.FromMilliseconds(30), 10);
        byte[] body = EtsiClientTests.Text(5_000);

        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(CoapCode.Content, (await client.GetAsync("/")).Code);
        }

        Assert.Equal("done", (await client.GetAsync("/async?1")).GetText());

        // libcoap 4.3.1's server acts on a duplicate as if it were new, and makes another body of the last block of one: here only requests may be lost, and none is
        // repeated because a busy machine is slow to answer.
        relay.LosesResponses = false;
        await using CoapClient patient = await ClientAsync(relay, TimeSpan.FromSeconds(1), 4);
        CoapResponse put = await patient.PutAsync("/example_data", body);
        Assert.True(put.Code.IsSuccess(), put.Code.ToDotted());
        relay.LosesResponses = true;
        Assert.Equal(body, (await client.GetAsync("/example_data")).Payload.ToArray());
        Assert.InRange((double)relay.Dropped / (relay.Dropped + relay.Passed), loss - 0.15, loss + 0.15);
    }

    private static Task<CoapClient> ClientAsync(LossyRelay relay, TimeSpan ackTimeout, int maxRetransmit) => CoapClient.ConnectAsync(
        new Uri($"coap://{relay.Address}"),
        new() { Udp = new() { MessageLayer = new() { AckTimeout = ackTimeout, AcknowledgementDelay = TimeSpan.FromMilliseconds(10), MaxRetransmit = maxRetransmit } } });
}

/// <summary>The same between libcoap's client, whose time-out is two seconds, and our server.</summary>
public sealed class LossClientTests : IAsyncLifetime
{
    private EtsiResources _resources = null!;

    public ValueTask InitializeAsync()
    {
        _resources = new EtsiResources();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _resources.DisposeAsync();

    /// <summary>Of what the client sends every third or every second datagram is dropped, of what our server sends as much by chance.</summary>
    [Theory]
    [InlineData("/test", 0.3, "1,4,7,10,13,16", "first")]
    [InlineData("/test", 0.5, "1,3,5,7,9,11,13", "first")]
    [InlineData("/separate", 0.5, "1,3,5,7,9,11,13", "at last")]
    public Task CORE_15_16_Lossy(string path, double loss, string dropped, string expected) => GetAsync(path, loss, dropped, expected);

    private async Task GetAsync(string path, double loss, string dropped, string expected)
    {
        LibCoapProgram.Require();
        using var relay = new LossyRelay(_resources.Server.UdpEndPoint!, loss, mostInARow: 1, seed: 3);

        string output = await LibCoapProgram.ClientAsync("-l", dropped, "-m", "get", $"coap://{relay.Address}{path}");

        Assert.Contains(expected, output, StringComparison.Ordinal);
    }
}

/// <summary>5 kB in blocks: of what libcoap's client sends 30 and 50 % are dropped.</summary>
public sealed class LossBlockTests : IAsyncLifetime
{
    private EtsiResources _resources = null!;

    public ValueTask InitializeAsync()
    {
        _resources = new EtsiResources();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _resources.DisposeAsync();

    [Theory]
    [InlineData("1,4,7,10,13,16,19")]
    [InlineData("1,3,5,7,9,11,13,15,17")]
    public async Task BLOCK_Get_Lossy(string dropped)
    {
        LibCoapProgram.Require();
        _resources["large"] = EtsiClientTests.Text(5_000);
        using var to = new TemporaryFile([]);

        await LibCoapProgram.ClientAsync("-l", dropped, "-m", "get", "-o", to.Path, _resources.Udp("/large"));

        Assert.Equal(_resources["large"], await File.ReadAllBytesAsync(to.Path));
    }
}
