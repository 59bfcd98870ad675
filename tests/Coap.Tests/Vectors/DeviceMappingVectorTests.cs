using System.Text.Json;
using Flint.Coap.Tests.Properties;
using Flint.Coap.Tests.Rfc8323;
using Flint.Testing;

namespace Flint.Coap.Tests.Vectors;

/// <summary>docs/spec/vectors/coap/device-mapping.json, played against a device and a gateway by a peer that knows bytes only.</summary>
public sealed class DeviceMappingVectorTests
{
    private static readonly Dictionary<string, byte[]> Messages = VectorFile.Open("coap/device-mapping.json").RootElement.GetProperty("vectors").EnumerateArray()
        .ToDictionary(vector => vector.GetProperty("id").GetString()!, vector => vector.Hex("message"));

    public static TheoryData<string> Ids => [.. Messages.Keys];

    [Theory]
    [MemberData(nameof(Ids))]
    public void Message_IsWellFormedAndTheSameWhenWrittenAgain(string id)
    {
        byte[] bytes = Messages[id];
        CoapReadStatus status = CoapTcpMessageReader.TryRead(bytes, new CoapTcpLimits(1152, 8), out CoapTcpMessageReader message, out int consumed);

        Assert.Equal((CoapReadStatus.Ok, bytes.Length), (status, consumed));
        var options = new List<(CoapOptionNumber, byte[])>();
        foreach (CoapOption option in message.Options)
        {
            options.Add((option.Number, option.Value.ToArray()));
        }

        Assert.Equal(bytes, new PlainMessage(default, message.Code, 0, message.Token.ToArray(), [.. options], message.Payload.ToArray()).WriteTcp());
    }

    [Theory]
    [InlineData("call", "call-result")]
    [InlineData("call-without-argument", "call-negative")]
    [InlineData("read", "read-double")]
    [InlineData("describe", "description")]
    public async Task Device_AnswersARequest_ByteForByte(string request, string answer)
    {
        var router = new CoapRouter();
        var resources = new DeviceResources();
        resources.AddFunction("led", argument => argument == "on" ? 1 : 0).AddVariable("temperature", () => 22.3);
        resources.MapTo(router);
        var more = new CoapRouter();
        new DeviceResources().AddFunction("reboot", argument => argument.Length == 0 ? int.MinValue : 0).MapTo(more);

        Assert.Equal(Convert.ToHexString(Messages[answer]), await AskAsync((request == "call-without-argument" ? more : router).HandleAsync, Messages[request]));
    }

    [Theory]
    [InlineData("read", "read-bool")]
    [InlineData("read", "read-text")]
    [InlineData("call", "call-unknown")]
    [InlineData("call", "call-failed")]
    public async Task Device_WithOtherResources_AnswersByteForByte(string request, string answer)
    {
        var router = new CoapRouter();
        var resources = new DeviceResources();
        switch (answer)
        {
            case "read-bool":
                resources.AddVariable("temperature", () => true);
                break;
            case "read-text":
                resources.AddVariable("temperature", () => "Küche");
                break;
            case "call-failed":
                resources.AddFunction("led", (string _) => throw new InvalidDataException("secret"));
                break;
            default:
                break;
        }

        resources.MapTo(router);

        Assert.Equal(Convert.ToHexString(Messages[answer]), await AskAsync(router.HandleAsync, Messages[request]));
    }

    [Fact]
    public async Task Server_TakesEventsAndTellsASubscriber_ByteForByte()
    {
        var gateway = new DeviceGateway();
        var router = new CoapRouter();
        await using var server = new CoapServer(router.HandleAsync, new CoapServerOptions { Udp = null, DrainTimeout = TimeSpan.FromMilliseconds(100) });
        gateway.MapTo(router, server);
        var (subscribed, published) = (new PipePair(), new PipePair());
        _ = server.RunAsync(subscribed.Far, new CoapPeer("4a00"));
        _ = server.RunAsync(published.Far, new CoapPeer("3f0022000b47"));
        var subscriber = new ScriptedPeer(subscribed.Near);
        var publisher = new ScriptedPeer(published.Near);
        await subscriber.SendCsmAsync();
        await publisher.SendCsmAsync();
        await subscriber.ReceiveAsync();
        await publisher.ReceiveAsync();

        await subscriber.SendAsync(Messages["subscribe"]);
        Assert.Equal(Convert.ToHexString(Messages["subscription"]), Convert.ToHexString((await subscriber.ReceiveAsync())!.WriteTcp()));
        for (int i = 1; i < 258; i++)
        {
            gateway.Events.Publish(new DeviceEvent("other", "x"));
        }

        await publisher.SendAsync(Messages["event-with-life"]);
        Assert.Equal(Convert.ToHexString(Messages["event-taken"]), Convert.ToHexString((await publisher.ReceiveAsync())!.WriteTcp()));
        PlainMessage told = (await subscriber.ReceiveAsync())!;

        // The Observe option has no meaning in a stream, and may be empty or a number (RFC 8323 section 7.1).
        Assert.Equal(Shown(Messages["subscription-event"]), Shown(told.WriteTcp()));
        await subscriber.EndAsync();
        await publisher.EndAsync();
    }

    [Fact]
    public async Task Server_RefusesAnEventWithoutANameAndTellsTheTime()
    {
        var gateway = new DeviceGateway(new DeviceEventHubOptions { TimeProvider = new FixedTime() });
        var router = new CoapRouter();
        gateway.MapTo(router, null);

        Assert.Equal(Convert.ToHexString(Messages["event-taken"]), await AskAsync(router.HandleAsync, Messages["event-private"]));
        Assert.Equal(Convert.ToHexString(Messages["time-told"]), await AskAsync(router.HandleAsync, Messages["time"]));
        Assert.Equal(
            Convert.ToHexString(Messages["event-without-name"]),
            await AskAsync(router.HandleAsync, new PlainMessage(default, CoapCode.Post, 0, [7], [(CoapOptionNumber.UriPath, "e"u8.ToArray()), (CoapOptionNumber.UriPath, [])], []).WriteTcp()));
    }

    private static async Task<string> AskAsync(CoapHandler handler, byte[] request)
    {
        var pair = new PipePair();
        CoapConnection connection = CoapConnection.Start(pair.Far, new CoapConnectionOptions { Handler = handler });
        var peer = new ScriptedPeer(pair.Near);
        await peer.SendCsmAsync();
        await peer.ReceiveAsync();
        await peer.SendAsync(request);
        byte[] answer = (await peer.ReceiveAsync())!.WriteTcp();
        await peer.EndAsync();
        await connection.Completion;
        return Convert.ToHexString(answer);
    }

    private static string Shown(byte[] bytes)
    {
        CoapTcpMessageReader.TryRead(bytes, new CoapTcpLimits(1152, 8), out CoapTcpMessageReader message, out _);
        string text = $"{message.Code.ToDotted()} {Convert.ToHexString(message.Token)} {Convert.ToHexString(message.Payload)}";
        foreach (CoapOption option in message.Options)
        {
            text += option.Number == CoapOptionNumber.Observe ? " observe" : $" {(int)option.Number}={Convert.ToHexString(option.Value)}";
        }

        return text;
    }

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 11, 21, 22, 13, 20, TimeSpan.Zero);
    }
}
