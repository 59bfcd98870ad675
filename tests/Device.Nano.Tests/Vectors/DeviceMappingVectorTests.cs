using System.Text.Json;
using Flint.Device.Nano.Tests.Support;
using Flint.Testing;

namespace Flint.Device.Nano.Tests.Vectors;

/// <summary>docs/spec/vectors/coap/device-mapping.json, the side of a device: what it answers, notifies and publishes, byte for byte.</summary>
public sealed class DeviceMappingVectorTests : ICoapHandler
{
    /// <summary>What this device's agent does not say: events that are answered, live a time of their own or are private, subscriptions, the time.</summary>
    private static readonly string[] Others =
    [
        "event-with-life", "event-private", "event-taken", "event-without-name", "subscribe", "subscription", "subscription-event", "time", "time-told",
    ];

    private static readonly Dictionary<string, byte[]> Messages = Read();
    private readonly DeviceResources _resources = new();
    private readonly CoapEndpoint _endpoint;

    public DeviceMappingVectorTests()
    {
        _endpoint = new CoapEndpoint(this, 512, new byte[400], 50, 300);
        Give([0x00, 0xE1]);
    }

    [Theory]
    [InlineData("call", "call-result")]
    [InlineData("call", "call-unknown")]
    [InlineData("call", "call-failed")]
    [InlineData("call-without-argument", "call-negative")]
    [InlineData("read", "read-double")]
    [InlineData("read", "read-bool")]
    [InlineData("read", "read-text")]
    [InlineData("describe", "description")]
    public void Request_IsAnsweredByteForByte(string request, string answer)
    {
        _resources.AddFunction(answer == "call-unknown" ? "lamp" : "led", argument => answer == "call-failed" ? throw new InvalidDataException("secret") : argument == "on" ? 1 : 0);
        if (answer == "call-negative")
        {
            _resources.AddFunction("reboot", argument => argument.Length == 0 ? int.MinValue : 0);
        }

        _resources.AddVariable("temperature", () => answer switch
        {
            "read-bool" => "true",
            "read-text" => "Küche",
            _ => "22.3",
        });

        Assert.Equal(Convert.ToHexString(Messages[answer]), Convert.ToHexString(Ask(request)));
    }

    [Fact]
    public void Observation_IsNotifiedByteForByteUntilItEnds()
    {
        string value = "22.3";
        _resources.AddVariable("temperature", () => value);
        byte[] plain = Messages["read-double"];

        // The answer is that of a read, with the empty Observe of the first number before the format.
        Assert.Equal(Convert.ToHexString([(byte)(plain[0] + 0x10), .. plain[1..3], 0x60, 0x60, .. plain[4..]]), Convert.ToHexString(Ask("observe")));
        value = "23.5";
        Assert.True(_resources.Notify(_endpoint));
        Assert.Equal(Convert.ToHexString(Messages["notification"]), Convert.ToHexString(Take()));

        Assert.Equal(Convert.ToHexString(plain).Replace("32322E33", "32332E35", StringComparison.Ordinal), Convert.ToHexString(Ask("observe-ends")));
        value = "24";
        Assert.False(_resources.Notify(_endpoint));
    }

    /// <summary>The agent's token is a number of four bytes where the vector's is 07; the rest is the vector's.</summary>
    [Fact]
    public void Event_IsPublishedByteForByte()
    {
        var device = new Costs.CostedDevice();
        device.Connect();
        int before = device.Board.Received.Count;
        device.Agent.Publish("motion/hall", "1");
        device.Idle();
        byte[] sent = [.. device.Board.Received.Skip(before)];
        byte[] expected = Messages["event"];

        Assert.Equal((0xD4, expected[1], expected[2]), (sent[0], sent[1], sent[2]));
        Assert.Equal(Convert.ToHexString(expected[4..]), Convert.ToHexString(sent[7..]));
    }

    /// <summary>A vector that is added is played here, or named as one that this device never meets.</summary>
    [Fact]
    public void Messages_AreAllPlayedOrNamed()
    {
        string[] played =
        [
            "call", "call-result", "call-unknown", "call-failed", "call-without-argument", "call-negative", "read", "read-double", "read-bool", "read-text",
            "describe", "description", "observe", "observe-ends", "notification", "event",
        ];

        Assert.Equal(Messages.Keys.Order(), played.Concat(Others).Order());
    }

    void ICoapHandler.OnRequest(CoapEndpoint endpoint, CoapReader request) => _resources.Answer(endpoint, request, null, 0);

    void ICoapHandler.OnResponse(CoapEndpoint endpoint, int requestId, CoapReader response) => Assert.Fail("This device has asked nothing.");

    private byte[] Ask(string request)
    {
        Give(Messages[request]);
        return Take();
    }

    private void Give(byte[] bytes)
    {
        _endpoint.OnReceived(bytes, 0, bytes.Length);
        Assert.True(_endpoint.Next());
    }

    private byte[] Take()
    {
        byte[] output = _endpoint.Output[_endpoint.OutputOffset..(_endpoint.OutputOffset + _endpoint.OutputCount)];
        _endpoint.OnSent();
        return output;
    }

    private static Dictionary<string, byte[]> Read()
    {
        using JsonDocument document = VectorFile.Open("coap/device-mapping.json");
        return document.RootElement.GetProperty("vectors").EnumerateArray().ToDictionary(vector => vector.GetProperty("id").GetString()!, vector => vector.Hex("message"));
    }
}
