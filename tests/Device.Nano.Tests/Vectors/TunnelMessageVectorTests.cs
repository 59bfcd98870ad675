using System.Text.Json;
using Flint.Device.Nano.Tests.Support;
using Flint.Testing;

namespace Flint.Device.Nano.Tests.Vectors;

/// <summary>docs/spec/vectors/tunnel/messages.json, as far as a device reads it: each message of a server where the device waits for it, good and bad.</summary>
public sealed class TunnelMessageVectorTests
{
    private const byte S1 = TunnelSuite.RsaOaepGcm;
    private const byte S2 = TunnelSuite.P256RsaPssGcm;

    public static TheoryData<string> Ids() => [.. Read().Where(IsOfTheServer).Select(vector => vector.GetProperty("id").GetString()!)];

    [Theory]
    [MemberData(nameof(Ids))]
    public void Message_WhereTheDeviceWaitsForIt_MeetsItsAlert(string id)
    {
        JsonElement vector = Read().Single(v => v.GetProperty("id").GetString() == id);
        string message = vector.GetProperty("input").GetProperty("message").GetString()!;
        byte[] body = vector.GetProperty("input").Hex("body");
        TunnelEvent happened = Give(message, body, out DeviceTunnel tunnel);

        if (vector.GetProperty("result").GetProperty("status").GetString() == "Ok")
        {
            AssertTaken(message, body, happened, tunnel);
            return;
        }

        string alert = id switch
        {
            "retry-type" => nameof(TunnelAlert.Malformed), // its type may come here: it is that other message, too short
            "server-auth-empty" => nameof(TunnelAlert.HandshakeFailed), // no record carries an empty plaintext [ST-209]
            "accept-empty" => nameof(TunnelAlert.RecordFailed),
            _ => vector.GetProperty("result").GetProperty("alert").GetString()!,
        };
        Assert.Equal(TunnelEvent.Failed, happened);
        Assert.Equal(alert, tunnel.Alert.ToString());
        Assert.NotEqual(TunnelFailure.AlertFromPeer, tunnel.Failure);
        Assert.InRange(tunnel.OutputCount, 4, 20);
    }

    /// <summary>Well formed: it is taken, unless what it says is not true of this session.</summary>
    private static void AssertTaken(string message, byte[] body, TunnelEvent happened, DeviceTunnel tunnel)
    {
        switch (message)
        {
            case "Accept":
                Assert.Equal(TunnelEvent.Connected, happened);
                Assert.Equal(body.Length - 16, tunnel.TakeTicket()?.Ticket.Length ?? 0);
                break;
            case "PlainAlert":
                Assert.Equal((TunnelEvent.Failed, TunnelFailure.AlertFromPeer, (TunnelAlert)body[1], 0), (happened, tunnel.Failure, tunnel.Alert, tunnel.OutputCount));
                break;
            case "ServerAuth": // its Finished is made up
                Assert.Equal((TunnelFailure.ServerNotAuthenticated, TunnelAlert.HandshakeFailed), (tunnel.Failure, tunnel.Alert));
                break;
            case "ServerHello" when body.Length > 40: // its share is no point of the curve
                Assert.Equal((TunnelFailure.ServerNotAuthenticated, TunnelAlert.HandshakeFailed), (tunnel.Failure, tunnel.Alert));
                break;
            default:
                Assert.Equal((TunnelEvent.None, TunnelFailure.None), (happened, tunnel.Failure));
                Assert.Equal(message == "Retry", tunnel.OutputCount > 0);
                break;
        }
    }

    private static TunnelEvent Give(string message, byte[] body, out DeviceTunnel tunnel)
    {
        byte suite = (message == "ServerHello" && body.Length > 2 && body[2] == S2) || (message == "ServerAuth" && body.Length > 36 && body[2] == 1) ? S2 : S1;
        TunnelSettings settings = TunnelFixture.Settings(suite);
        tunnel = new DeviceTunnel(settings, TunnelFixture.Crypto, new SeededEntropy());
        tunnel.Begin(message == "Retry" ? new TunnelTicket(suite, new byte[40], new byte[32], 60) : null);
        byte[] hello = tunnel.TakeOutput();
        if (message is "ServerHello" or "Retry" or "PlainAlert")
        {
            return tunnel.Give(OracleServer.Frame(body));
        }

        var server = new OracleServer(suite, TunnelFixture.Key(suite == S2 ? "signing" : "encryption"), settings.PskMix, settings.Context);
        byte[] flight = server.Answer(hello);
        int helloLength = 2 + flight[1];
        if (message == "ServerAuth")
        {
            Assert.Equal(TunnelEvent.None, tunnel.Give(flight[..helloLength]));
        }
        else
        {
            Assert.Equal(TunnelEvent.None, tunnel.Give(flight));
            server.Accept(tunnel.TakeOutput(), settings.DeviceId);
        }

        server.SetServerSequence(0);
        return tunnel.Give(server.Seal(body));
    }

    private static bool IsOfTheServer(JsonElement vector) =>
        vector.GetProperty("input").GetProperty("message").GetString() is "ServerHello" or "Retry" or "PlainAlert" or "ServerAuth" or "Accept";

    private static List<JsonElement> Read()
    {
        using JsonDocument document = VectorFile.Open("tunnel/messages.json");
        return [.. document.RootElement.GetProperty("vectors").EnumerateArray().Select(vector => vector.Clone())];
    }
}
