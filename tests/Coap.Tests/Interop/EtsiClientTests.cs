using System.Text;
using Flint.Testing;

namespace Flint.Coap.Tests.Interop;

/// <summary>libcoap's client against our server: the ETSI scenarios by name. docs/interop.md lists them.</summary>
public sealed class EtsiClientTests : IAsyncLifetime
{
    private EtsiResources _resources = null!;

    public ValueTask InitializeAsync()
    {
        _resources = new EtsiResources();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _resources.DisposeAsync();

    /// <summary>01 GET, 02 DELETE, 03 PUT, 04 POST, confirmable; 05 to 08 the same, non-confirmable.</summary>
    [Theory]
    [InlineData("TD_COAP_CORE_01", "get", "", "2.05", "first")]
    [InlineData("TD_COAP_CORE_02", "delete", "", "2.02", "")]
    [InlineData("TD_COAP_CORE_03", "put", "", "2.04", "")]
    [InlineData("TD_COAP_CORE_04", "post", "", "2.04", "posted new")]
    [InlineData("TD_COAP_CORE_05", "get", "-N", "2.05", "first")]
    [InlineData("TD_COAP_CORE_06", "delete", "-N", "2.02", "")]
    [InlineData("TD_COAP_CORE_07", "put", "-N", "2.04", "")]
    [InlineData("TD_COAP_CORE_08", "post", "-N", "2.04", "posted new")]
    public async Task CORE_01_to_08_Methods(string scenario, string method, string flag, string code, string payload)
    {
        string[] body = method is "put" or "post" ? ["-e", "new"] : [];
        string output = await RunAsync([.. flag.Length == 0 ? [] : new[] { flag }, "-m", method, .. body, _resources.Udp("/test")]);

        Assert.True(output.Contains($"t:{(flag.Length == 0 ? "ACK" : "NON")} c:{code}", StringComparison.Ordinal), $"{scenario}: {output}");
        Assert.Contains(payload, output, StringComparison.Ordinal);
        Assert.Equal(method switch { "delete" => null, "put" => "new", _ => "first" }, _resources["test"] is byte[] now ? Encoding.UTF8.GetString(now) : null);
    }

    /// <summary>09: an empty acknowledgement, then the response, confirmable; 17: the same for a non-confirmable request.</summary>
    [Theory]
    [InlineData("TD_COAP_CORE_09", "", "t:CON c:2.05")]
    [InlineData("TD_COAP_CORE_17", "-N", "t:NON c:2.05")]
    public async Task CORE_09_17_SeparateResponse(string scenario, string flag, string response)
    {
        LibCoapProgram.Require();
        string output = await LibCoapProgram.ClientAsync(["-v", "7", .. flag.Length == 0 ? [] : new[] { flag }, "-m", "get", _resources.Udp("/separate")]);

        Assert.True(output.Contains(response, StringComparison.Ordinal), $"{scenario}: {output}");
        Assert.Contains("at last", output, StringComparison.Ordinal);
        Assert.Equal(flag.Length == 0, output.Contains("t:ACK c:0.00", StringComparison.Ordinal));
    }

    /// <summary>A token comes back as it was, with a piggybacked and with a separate response.</summary>
    [Theory]
    [InlineData("TD_COAP_CORE_10", "/test")]
    [InlineData("TD_COAP_CORE_11", "/separate")]
    public async Task CORE_10_11_Token(string scenario, string path)
    {
        string output = await RunAsync("-T", "tok", "-m", "get", _resources.Udp(path));

        Assert.True(output.Split("c:2.05").Length == 2, $"{scenario}: {output}");
        // The client counts its tokens on: "tok" and one is "tol".
        Assert.True(output.Split("{746f6c}").Length > 2, output);
    }

    [Fact]
    public async Task CORE_13_SeveralUriPaths() =>
        Assert.Contains("three segments", await RunAsync("-m", "get", _resources.Udp("/seg1/seg2/seg3")), StringComparison.Ordinal);

    [Fact]
    public async Task CORE_14_SeveralUriQueries() =>
        Assert.Contains("first=1 and second=2", await RunAsync("-m", "get", _resources.Udp("/query?first=1&second=2")), StringComparison.Ordinal);

    [Fact]
    public async Task CORE_18_19_SeveralLocations()
    {
        string output = await RunAsync("-m", "post", "-e", "x", _resources.Udp("/locations"));

        Assert.Contains("c:2.01", output, StringComparison.Ordinal);
        Assert.Contains("Location-Path:location1, Location-Path:location2, Location-Query:first=1, Location-Query:second=2", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0", "plain")]
    [InlineData("41", "<xml/>")]
    [InlineData("60", "4.06")]
    public async Task CORE_20_Accept(string format, string expected) =>
        Assert.Contains(expected, await RunAsync("-A", format, "-m", "get", _resources.Udp("/multi-format")), StringComparison.Ordinal);

    [Fact]
    public async Task CORE_21_ETag()
    {
        Assert.Contains("the first version", await RunAsync("-m", "get", _resources.Udp("/validate")), StringComparison.Ordinal);
        string output = await RunAsync("-O", "4,v1", "-m", "get", _resources.Udp("/validate"));

        Assert.Contains("c:2.03", output, StringComparison.Ordinal);
        Assert.DoesNotContain("the first version", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("v1", "2.04")]
    [InlineData("v0", "4.12")]
    public async Task CORE_22_IfMatch(string tag, string code) =>
        Assert.Contains($"c:{code}", await RunAsync("-O", $"1,{tag}", "-m", "put", "-e", "x", _resources.Udp("/validate")), StringComparison.Ordinal);

    [Fact]
    public async Task CORE_23_IfNoneMatch()
    {
        string[] put = ["-O", "5,", "-m", "put", "-e", "x", _resources.Udp("/create")];

        Assert.Contains("c:2.01", await RunAsync(put), StringComparison.Ordinal);
        Assert.Contains("c:4.12", await RunAsync(put), StringComparison.Ordinal);
    }

    /// <summary>libcoap's client repeats the option with each block; it holds for the body.</summary>
    [Fact]
    public async Task CORE_23_IfNoneMatch_OfALargeBody()
    {
        byte[] body = Encoding.ASCII.GetBytes(new string('x', 5000));
        using var file = new TemporaryFile(body);
        string[] put = ["-O", "5,", "-m", "put", "-f", file.Path, _resources.Udp("/create")];

        Assert.Contains("2.01", await RunAsync(put), StringComparison.Ordinal);
        Assert.Equal(body, _resources["create"]);
        _resources["create"] = "old"u8.ToArray();
        Assert.Contains("4.12", await RunAsync(put), StringComparison.Ordinal);
        Assert.Equal("old"u8.ToArray(), _resources["create"]);
    }

    /// <summary>BLOCK_01 early and BLOCK_02 late negotiation, BLOCK_06 with the smallest size.</summary>
    [Theory]
    [InlineData("TD_COAP_BLOCK_01", "64", "Block2:46/_/64")]
    [InlineData("TD_COAP_BLOCK_02", "", "Block2:2/_/1024")]
    [InlineData("TD_COAP_BLOCK_06", "16", "Block2:187/_/16")]
    public async Task BLOCK_01_02_06_Get(string scenario, string size, string last)
    {
        _resources["large"] = Text(3000);
        string output = await RunAsync([.. size.Length == 0 ? [] : new[] { "-b", size }, "-m", "get", _resources.Udp("/large")]);

        Assert.True(output.Contains(last, StringComparison.Ordinal), $"{scenario}: {output}");
    }

    /// <summary>BLOCK_03 PUT, BLOCK_04 POST.</summary>
    [Theory]
    [InlineData("TD_COAP_BLOCK_03", "put", "c:2.01")]
    [InlineData("TD_COAP_BLOCK_04", "post", "3000 bytes")]
    public async Task BLOCK_03_04_PutPost(string scenario, string method, string expected)
    {
        using var file = new TemporaryFile(Text(3000));
        string output = await RunAsync("-b", "128", "-m", method, "-f", file.Path, _resources.Udp("/large"));

        Assert.True(output.Contains(expected, StringComparison.Ordinal), $"{scenario}: {output}");
        Assert.Equal(method == "put" ? Text(3000) : null, _resources["large"]);
    }

    /// <summary>OBS_01 confirmable and OBS_02 non-confirmable notifications (every third is confirmable), OBS_03 the observer leaves with Observe: 1.</summary>
    [Theory]
    [InlineData("TD_COAP_OBS_01", "")]
    [InlineData("TD_COAP_OBS_02", "-N")]
    public async Task OBS_01_02_03_ObserveAndStop(string scenario, string flag)
    {
        Task<string> client = RunAsync([.. flag.Length == 0 ? [] : new[] { flag }, "-s", "3", "-m", "get", _resources.Udp("/obs")]);
        await Eventually.HoldsAsync(() => _resources.Server.ObservedResourceCount == 1);
        for (int i = 1; i <= 10; i++)
        {
            await Task.Delay(150);
            await _resources.ChangeAsync(i);
        }

        // Nothing is sent to it any more: that it is forgotten is its own doing.
        string output = await client;
        Assert.True(output.Split("state ").Length > 4, $"{scenario}: {output}");
        Assert.Contains("t:NON c:2.05", output, StringComparison.Ordinal);
        Assert.Contains("t:CON c:2.05", output, StringComparison.Ordinal);
        Assert.Contains("Observe:1", output, StringComparison.Ordinal);
        await Eventually.HoldsAsync(() => _resources.Server.ObservedResourceCount == 0);
    }

    /// <summary>The client dies without a word: the server's confirmable notification fails, and the observer is gone.</summary>
    [Fact]
    public async Task OBS_05_ObserverDies()
    {
        LibCoapProgram.Require();
        using (LibCoapProgram.RunningClient client = LibCoapProgram.Begin("-s", "60", "-m", "get", _resources.Udp("/obs")))
        {
            await Eventually.HoldsAsync(() => _resources.Server.ObservedResourceCount == 1);
            await _resources.ChangeAsync(1);
        }

        for (int i = 2; i < 8; i++)
        {
            await _resources.ChangeAsync(i);
            await Task.Delay(150);
        }

        await Eventually.HoldsAsync(() => _resources.Server.ObservedResourceCount == 0);
        Assert.Equal(0, _resources.Server.InspectUdp(layer => layer.SendCount));
    }

    /// <summary>The resource is deleted while it is observed: the observer is told 4.04.</summary>
    [Fact]
    public async Task OBS_07_ResourceIsDeleted()
    {
        Task<string> client = RunAsync("-s", "2", "-m", "get", _resources.Udp("/obs"));
        await Task.Delay(600);
        await RunAsync("-m", "delete", _resources.Udp("/obs"));

        Assert.Contains("4.04", await client, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TCP_Methods()
    {
        Assert.Contains("first", await RunAsync("-m", "get", _resources.Tcp("/test")), StringComparison.Ordinal);
        Assert.Contains("posted x", await RunAsync("-m", "post", "-e", "x", _resources.Tcp("/test")), StringComparison.Ordinal);
        await RunAsync("-m", "put", "-e", "second", _resources.Tcp("/test"));
        Assert.Equal("second"u8.ToArray(), _resources["test"]);
        await RunAsync("-m", "delete", _resources.Tcp("/test"));
        Assert.Contains("4.04", await RunAsync("-m", "get", _resources.Tcp("/test")), StringComparison.Ordinal);
    }

    /// <summary>5 kB, 100 kB and 1 MB, there and back.</summary>
    [Theory]
    [InlineData("udp", 5_000)]
    [InlineData("udp", 1_000_000)]
    [InlineData("tcp", 5_000)]
    [InlineData("tcp", 1_000_000)]
    public async Task LargeBody_ThereAndBack(string transport, int length)
    {
        LibCoapProgram.Require();
        byte[] body = Text(length);
        using var from = new TemporaryFile(body);
        using var to = new TemporaryFile([]);
        string address = transport == "tcp" ? _resources.Tcp("/large") : _resources.Udp("/large");

        string put = await LibCoapProgram.ClientAsync("-m", "put", "-f", from.Path, address);
        Assert.True(body.AsSpan().SequenceEqual(_resources["large"]), $"{_resources["large"]?.Length} bytes arrived; {put}");
        await LibCoapProgram.ClientAsync("-m", "get", "-o", to.Path, address);

        Assert.Equal(body, await File.ReadAllBytesAsync(to.Path));
    }

    /// <summary>LINK 01 everything, 02 and 06 by rt, also one of several, 03 a value that matches nothing, 05 by if, 07 by href, 08 by the beginning of one.</summary>
    [Theory]
    [InlineData("TD_COAP_LINK_01", "", new[] { "test", "large", "obs", "multi-format" })]
    [InlineData("TD_COAP_LINK_02", "?rt=Type1", new[] { "test" })]
    [InlineData("TD_COAP_LINK_03", "?rt=none", new string[0])]
    [InlineData("TD_COAP_LINK_05", "?if=If1", new[] { "test" })]
    [InlineData("TD_COAP_LINK_06", "?rt=Type2", new[] { "test", "large" })]
    [InlineData("TD_COAP_LINK_07", "?href=/large", new[] { "large" })]
    [InlineData("TD_COAP_LINK_08", "?rt=Type*", new[] { "test", "large" })]
    public async Task LINK_01_to_08_Discovery(string scenario, string filter, string[] expected)
    {
        using var output = new TemporaryFile([]);
        string log = await RunAsync("-m", "get", "-o", output.Path, _resources.Udp("/.well-known/core" + filter));
        string links = await File.ReadAllTextAsync(output.Path);

        Assert.True(log.Contains("c:2.05", StringComparison.Ordinal), $"{scenario}: {log}");
        Assert.All(new[] { "test", "large", "obs", "multi-format" }, name => Assert.Equal(expected.Contains(name), links.Contains($"</{name}>", StringComparison.Ordinal)));
    }

    private static Task<string> RunAsync(params string[] arguments)
    {
        LibCoapProgram.Require();
        return LibCoapProgram.ClientAsync(["-v", "6", .. arguments]);
    }

    internal static byte[] Text(int length) => Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, (length / 10) + 1).Select(i => $"{i:000000000}\n")))[..length];
}
