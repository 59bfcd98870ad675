using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Flint.Coap.Tests.Interop;

/// <summary>The client of the npm package coap against our server. The names of the ETSI scenarios stand where a test covers one.</summary>
public sealed class NpmClientTests : IAsyncDisposable
{
    private readonly StoreResources _resources = new(router =>
        router.MapPut("/digest", request => new CoapResponse(CoapCode.Changed) { Payload = SHA256.HashData(request.Payload.Span) }));

    public ValueTask DisposeAsync() => _resources.DisposeAsync();

    /// <summary>TD_COAP_CORE_01 to 08: GET, PUT, POST and DELETE, confirmable and not.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task GetPutPostDelete(bool confirmable)
    {
        NpmProgram.Require();
        string with = confirmable ? "\"confirmable\":true" : "\"confirmable\":false";

        Assert.Equal("2.01 ", await RequestAsync("PUT", "/s/a", $"{{{with},\"payload\":\"hello\"}}"));
        Assert.Equal("hello", Encoding.UTF8.GetString(_resources.Store["a"]));
        Assert.Equal("2.05 hello", await RequestAsync("GET", "/s/a", $"{{{with}}}"));
        Assert.Equal("2.04 olleh", await RequestAsync("POST", "/reverse", $"{{{with},\"payload\":\"hello\"}}"));
        Assert.Equal("2.02 ", await RequestAsync("DELETE", "/s/a", $"{{{with}}}"));
        Assert.StartsWith("4.04", await RequestAsync("GET", "/s/a", $"{{{with}}}"), StringComparison.Ordinal);
    }

    /// <summary>TD_COAP_CORE_09: a separate response.</summary>
    [Fact]
    public async Task SeparateResponse()
    {
        NpmProgram.Require();

        Assert.Equal("2.05 at last", await RequestAsync("GET", "/separate"));
        Assert.True(_resources.Server.InspectUdp(layer => layer.Counters.Acknowledgements) > 0);
    }

    /// <summary>TD_COAP_BLOCK_01 and 02: a large response, in blocks of the client's size.</summary>
    [Theory]
    [InlineData(5_000, "{\"block2\":2}")]
    [InlineData(5_000, "{}")]
    [InlineData(100_000, "{}")]
    public async Task LargeResponse(int length, string options)
    {
        NpmProgram.Require();
        _resources.Store["big"] = NpmProgram.Pattern(length);

        JsonElement response = Assert.Single(await NpmProgram.RunAsync("request", _resources.Udp("/s/big"), "GET", options));

        Assert.Equal("2.05", response.GetProperty("code").GetString());
        Assert.Equal(_resources.Store["big"], Convert.FromHexString(response.GetProperty("payload").GetString()!));
    }

    /// <summary>TD_COAP_BLOCK_03: a large request, in blocks of the client's size.</summary>
    [Theory]
    [InlineData(5_000, 2)]
    [InlineData(5_000, 6)]
    [InlineData(100_000, 6)]
    public async Task LargeRequest(int length, int exponent)
    {
        NpmProgram.Require();

        JsonElement response = Assert.Single(
            await NpmProgram.RunAsync("request", _resources.Udp("/digest"), "PUT", $"{{\"length\":{length},\"block1\":{exponent}}}"));

        Assert.Equal("2.04", response.GetProperty("code").GetString());
        Assert.Equal(SHA256.HashData(NpmProgram.Pattern(length)), Convert.FromHexString(response.GetProperty("payload").GetString()!));
    }

    /// <summary>TD_COAP_OBS_01 and 02: notifications, then the observer leaves.</summary>
    [Fact]
    public async Task Observe()
    {
        NpmProgram.Require();
        JsonElement[] lines = await _resources.TickUntilAsync(NpmProgram.RunAsync("observe", _resources.Udp("/ticks"), "4"), 100);

        string[] seen = [.. lines.Select(line => Encoding.UTF8.GetString(Convert.FromHexString(line.GetProperty("payload").GetString()!)))];
        Assert.Equal(4, seen.Distinct().Count());
        Assert.All(seen, text => Assert.StartsWith("tick ", text, StringComparison.Ordinal));
    }

    private async Task<string> RequestAsync(string method, string path, string options = "{}")
    {
        JsonElement response = Assert.Single(await NpmProgram.RunAsync("request", _resources.Udp(path), method, options));
        return $"{response.GetProperty("code").GetString()} {Encoding.UTF8.GetString(Convert.FromHexString(response.GetProperty("payload").GetString()!))}";
    }
}
