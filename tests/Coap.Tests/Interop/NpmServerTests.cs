using System.Security.Cryptography;

namespace Flint.Coap.Tests.Interop;

/// <summary>Our client against the server of the npm package coap. The names of the ETSI scenarios stand where a test covers one.</summary>
public sealed class NpmServerTests
{
    /// <summary>TD_COAP_CORE_01 to 08: GET, PUT, POST and DELETE, confirmable and not.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task GetPutPostDelete(bool confirmable)
    {
        NpmProgram.Require();
        (NpmProgram program, Uri address) = await NpmProgram.ServeAsync();
        using NpmProgram running = program;
        await using CoapClient client = await CoapClient.ConnectAsync(address);
        Task<CoapResponse> Send(CoapCode method, string path, string payload = "") =>
            client.SendAsync(new CoapRequest(method, path) { IsConfirmable = confirmable, Payload = System.Text.Encoding.UTF8.GetBytes(payload) });

        Assert.Equal(CoapCode.Created, (await Send(CoapCode.Put, "/a/b", "hello")).Code);
        Assert.Equal("hello", (await Send(CoapCode.Get, "/a/b")).GetText());
        Assert.Equal(CoapCode.Changed, (await Send(CoapCode.Put, "/a/b", "bye")).Code);
        Assert.Equal("bye", (await Send(CoapCode.Get, "/a/b")).GetText());
        Assert.Equal("olleh", (await Send(CoapCode.Post, "/reverse", "hello")).GetText());
        Assert.Equal(CoapCode.Deleted, (await Send(CoapCode.Delete, "/a/b")).Code);
        Assert.Equal(CoapCode.NotFound, (await Send(CoapCode.Get, "/a/b")).Code);
    }

    /// <summary>TD_COAP_CORE_09: a separate response.</summary>
    [Fact]
    public async Task SeparateResponse()
    {
        NpmProgram.Require();
        (NpmProgram program, Uri address) = await NpmProgram.ServeAsync();
        using NpmProgram running = program;
        await using CoapClient client = await CoapClient.ConnectAsync(address);

        Assert.Equal("at last", (await client.GetAsync("/separate")).GetText());
    }

    /// <summary>TD_COAP_BLOCK_01: a large response; 5 kB and 100 kB.</summary>
    [Theory]
    [InlineData(5_000)]
    [InlineData(100_000)]
    public async Task LargeResponse(int length)
    {
        NpmProgram.Require();
        (NpmProgram program, Uri address) = await NpmProgram.ServeAsync();
        using NpmProgram running = program;
        await using CoapClient client = await CoapClient.ConnectAsync(address);

        Assert.Equal(NpmProgram.Pattern(length), (await client.GetAsync($"/large?{length}")).Payload.ToArray());
    }

    /// <summary>
    /// A large request is what this peer cannot take from us: it finds the blocks of a body by their token, and each of ours has another, as each request has
    /// (RFC 7959 section 2.5 joins them by endpoint and resource). Up to a block it takes them.
    /// </summary>
    [Fact]
    public async Task LargeRequest_OfOneBlock_IsTaken_OfSeveral_IsLostToThePeer()
    {
        NpmProgram.Require();
        (NpmProgram program, Uri address) = await NpmProgram.ServeAsync();
        using NpmProgram running = program;
        await using CoapClient client = await CoapClient.ConnectAsync(address);
        byte[] body = NpmProgram.Pattern(1024);

        CoapResponse one = await client.PutAsync("/digest", body);
        CoapResponse several = await client.PutAsync("/digest", NpmProgram.Pattern(5_000));

        Assert.Equal(CoapCode.Changed, one.Code);
        Assert.Equal(SHA256.HashData(body), one.Payload.ToArray());
        Assert.Equal(CoapCode.InternalServerError, several.Code);
    }

    /// <summary>TD_COAP_OBS_01 and 02: notifications, then the observer leaves and the server goes on serving.</summary>
    [Fact]
    public async Task Observe()
    {
        NpmProgram.Require();
        (NpmProgram program, Uri address) = await NpmProgram.ServeAsync();
        using NpmProgram running = program;
        await using CoapClient client = await CoapClient.ConnectAsync(address);
        var seen = new List<string>();

        await foreach (CoapResponse change in client.ObserveAsync("/ticks"))
        {
            seen.Add(change.GetText());
            if (seen.Count == 4)
            {
                break;
            }
        }

        Assert.Equal(4, seen.Distinct().Count());
        Assert.All(seen, text => Assert.StartsWith("tick ", text, StringComparison.Ordinal));
        Assert.Equal(CoapCode.NotFound, (await client.GetAsync("/none")).Code);
    }
}
