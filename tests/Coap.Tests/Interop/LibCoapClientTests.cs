using System.Text;

namespace Flint.Coap.Tests.Interop;

/// <summary>libcoap's client against our server. The names of the ETSI scenarios stand where a test covers one.</summary>
public sealed class LibCoapClientTests : IAsyncDisposable
{
    private readonly StoreResources _resources = new();

    public ValueTask DisposeAsync() => _resources.DisposeAsync();

    /// <summary>TD_COAP_CORE_01 to 08, confirmable and not, and over TCP.</summary>
    [Theory]
    [InlineData("udp", "")]
    [InlineData("udp", "-N")]
    [InlineData("tcp", "")]
    public async Task GetPutPostDelete(string transport, string flag)
    {
        LibCoapProgram.Require();
        string[] flags = flag.Length == 0 ? [] : [flag];

        await LibCoapProgram.ClientAsync([.. flags, "-m", "put", "-e", "hello", Address(transport, "/s/a")]);
        Assert.Equal("hello", Encoding.UTF8.GetString(_resources.Store["a"]));
        Assert.Contains("hello", await LibCoapProgram.ClientAsync([.. flags, "-m", "get", Address(transport, "/s/a")]), StringComparison.Ordinal);
        Assert.Contains("olleh", await LibCoapProgram.ClientAsync([.. flags, "-m", "post", "-e", "hello", Address(transport, "/reverse")]), StringComparison.Ordinal);
        await LibCoapProgram.ClientAsync([.. flags, "-m", "delete", Address(transport, "/s/a")]);
        Assert.Empty(_resources.Store);
        Assert.Contains("4.04", await LibCoapProgram.ClientAsync([.. flags, "-m", "get", Address(transport, "/s/a")]), StringComparison.Ordinal);
    }

    /// <summary>TD_COAP_CORE_09: a separate response.</summary>
    [Fact]
    public async Task SeparateResponse()
    {
        LibCoapProgram.Require();

        Assert.Contains("at last", await LibCoapProgram.ClientAsync("-m", "get", Address("udp", "/separate")), StringComparison.Ordinal);
        Assert.True(_resources.Server.InspectUdp(layer => layer.Counters.Acknowledgements) > 0);
    }

    /// <summary>TD_COAP_BLOCK_01 and TD_COAP_BLOCK_04: a large body, in blocks of the client's size.</summary>
    [Theory]
    [InlineData("64", 5_000)]
    [InlineData("256", 5_000)]
    [InlineData("1024", 100_000)]
    public async Task LargeBody_ThereAndBack(string block, int length)
    {
        LibCoapProgram.Require();
        string folder = Directory.CreateTempSubdirectory("flint-coap-").FullName;
        try
        {
            string from = Path.Combine(folder, "from");
            string to = Path.Combine(folder, "to");
            var body = new byte[length];
            new Random(1).NextBytes(body);
            await File.WriteAllBytesAsync(from, body);

            await LibCoapProgram.ClientAsync("-m", "put", "-b", block, "-f", from, Address("udp", "/s/big"));
            Assert.Equal(body, _resources.Store["big"]);
            await LibCoapProgram.ClientAsync("-m", "get", "-b", block, "-o", to, Address("udp", "/s/big"));

            Assert.Equal(body, await File.ReadAllBytesAsync(to));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>TD_COAP_OBS_01 and TD_COAP_OBS_02: it observes for three seconds, then leaves.</summary>
    [Fact]
    public async Task Observe()
    {
        LibCoapProgram.Require();

        string output = await _resources.TickUntilAsync(LibCoapProgram.ClientAsync("-s", "3", "-m", "get", Address("udp", "/ticks")), 200);

        Assert.Contains("tick 0;", output, StringComparison.Ordinal);
        Assert.True(output.Split(';').Distinct().Count() > 3, output);
    }

    [Fact]
    public async Task UnknownCriticalOption_IsRefused()
    {
        LibCoapProgram.Require();

        Assert.Contains("4.02", await LibCoapProgram.ClientAsync("-m", "get", "-O", "65001,0x01", Address("udp", "/ticks")), StringComparison.Ordinal);
    }

    /// <summary>A third of the client's datagrams is dropped, a body of 5 kB arrives all the same.</summary>
    [Fact]
    public async Task LargeBody_WithLoss()
    {
        LibCoapProgram.Require();
        _resources.Store["big"] = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 400).Select(i => $"{i:0000}\n")));

        string output = await LibCoapProgram.ClientAsync("-l", "20%", "-B", "60", "-m", "get", Address("udp", "/s/big"));

        Assert.Contains(Encoding.ASCII.GetString(_resources.Store["big"]), output, StringComparison.Ordinal);
    }

    private string Address(string transport, string path) => transport == "tcp" ? _resources.Tcp(path) : _resources.Udp(path);
}
