using System.Text.Json;
using Flint.Device.Nano.Tests.Support;
using Flint.Testing;

namespace Flint.Device.Nano.Tests.Vectors;

/// <summary>docs/spec/vectors/tunnel/records.json: each message behind Accept, good and bad.</summary>
public sealed class TunnelRecordVectorTests
{
    public static TheoryData<string> Ids() => [.. Read().Select(vector => vector.GetProperty("id").GetString()!)];

    [Theory]
    [MemberData(nameof(Ids))]
    public void Record_DoesAsTheVectorSays(string id)
    {
        JsonElement vector = Read().Single(v => v.GetProperty("id").GetString() == id);
        JsonElement result = vector.GetProperty("result");
        TunnelFixture.Connect(out DeviceTunnel tunnel, out OracleServer server);
        TunnelEvent happened = tunnel.Give(server.Seal(vector.GetProperty("input").Hex("inner")));
        string alert = result.GetProperty("alert").GetString()!;
        switch (result.GetProperty("event").GetString())
        {
            case "Data":
                Assert.Equal(TunnelEvent.Data, happened);
                Assert.Equal(result.Hex("content"), tunnel.Data());
                break;
            case "Closed":
                Assert.Equal(TunnelEvent.Closed, happened);
                break;
            case "Failed":
                Assert.Equal(TunnelEvent.Failed, happened);
                byte[] output = tunnel.TakeOutput();
                Assert.Equal(alert == "None" ? [] : new byte[] { 0x16, (byte)Enum.Parse<TunnelAlert>(alert) }, output.Length == 0 ? output : server.Open(output));
                Assert.Equal((0, false), (tunnel.InputWanted, tunnel.IsConnected));
                break;
            default:
                Assert.Equal(TunnelEvent.None, happened);
                Assert.Equal(result.GetProperty("event").GetString() == "KeyUpdateRequested", tunnel.Maintain(0));
                break;
        }
    }

    private static List<JsonElement> Read()
    {
        using JsonDocument document = VectorFile.Open("tunnel/records.json");
        return [.. document.RootElement.GetProperty("vectors").EnumerateArray().Select(vector => vector.Clone())];
    }
}
