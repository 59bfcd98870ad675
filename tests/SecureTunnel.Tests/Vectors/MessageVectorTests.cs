using System.Text.Json;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Vectors;

/// <summary>Section 6: each message by itself, good and bad, from the committed vectors.</summary>
public sealed class MessageVectorTests
{
    public static TheoryData<string> Ids()
    {
        var data = new TheoryData<string>();
        foreach ((string id, _) in Read())
        {
            data.Add(id);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Message_ReadsAsTheVectorSays(string id) // [ST-301] [ST-302] [ST-303] [ST-304] [ST-305] [ST-306] [ST-308] [ST-309] [ST-311] [ST-313] [ST-316] [ST-325]
    {
        JsonElement vector = Read().Single(v => v.Id == id).Vector;
        byte[] body = vector.GetProperty("input").Hex("body");
        WireStatus expected = Enum.Parse<WireStatus>(vector.GetProperty("result").GetProperty("status").GetString()!);
        WireStatus status = Read(vector.GetProperty("input").GetProperty("message").GetString()!, body, out byte[] again);
        Assert.Equal(expected, status);
        Assert.Equal(vector.GetProperty("result").GetProperty("alert").GetString(), status.ToAlert().ToString());
        Assert.Equal(status == WireStatus.Ok, status.ToReason() == SecureTunnelReason.None);
        if (status == WireStatus.Ok)
        {
            Assert.Equal(body, again);
        }
    }

    [Fact]
    public void EveryStatus_HasAVector()
    {
        var seen = Read().Select(v => v.Vector.GetProperty("result").GetProperty("status").GetString()).ToHashSet();
        Assert.All(Enum.GetNames<WireStatus>(), name => Assert.Contains(name, seen));
    }

    private static WireStatus Read(string message, byte[] body, out byte[] again)
    {
        byte[] buffer = new byte[2048];
        int written = 0;
        WireStatus status;
        switch (message)
        {
            case "ClientHello":
                status = ClientHello.TryRead(body, out ClientHello clientHello);
                Assert.True(status != WireStatus.Ok || (!clientHello.TryWrite(buffer.AsSpan(0, body.Length - 1), out _) && clientHello.TryWrite(buffer, out written)));
                break;
            case "ServerHello":
                status = ServerHello.TryRead(body, out ServerHello serverHello);
                Assert.True(status != WireStatus.Ok || (!serverHello.TryWrite(buffer.AsSpan(0, body.Length - 1), out _) && serverHello.TryWrite(buffer, out written)));
                break;
            case "Retry":
                status = Retry.TryRead(body);
                written = Retry.Write(buffer);
                break;
            case "PlainAlert":
                status = PlainAlert.TryRead(body, out PlainAlert alert);
                written = alert.Write(buffer);
                break;
            case "ServerAuth":
                status = ServerAuth.TryRead(body, out ServerAuth serverAuth);
                serverAuth.Signature.CopyTo(buffer.AsSpan(ServerAuth.SignatureOffset));
                written = ServerAuth.WriteUnfinished(buffer, serverAuth.Signature.Length);
                written += Copy(serverAuth.Finished, buffer.AsSpan(written));
                break;
            case "ClientAuth":
                status = ClientAuth.TryRead(body, out ClientAuth clientAuth);
                written = ClientAuth.WriteUnfinished(buffer, clientAuth.Method, clientAuth.DeviceId, clientAuth.Auth.Length);
                clientAuth.Auth.CopyTo(buffer.AsSpan(written - clientAuth.Auth.Length));
                written += Copy(clientAuth.Finished, buffer.AsSpan(written));
                break;
            default:
                status = Accept.TryRead(body, out Accept accept);
                Assert.True(status != WireStatus.Ok || (!accept.TryWrite(buffer.AsSpan(0, body.Length - 1), out _) && accept.TryWrite(buffer, out written)));
                break;
        }

        again = buffer[..written];
        return status;
    }

    private static int Copy(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        source.CopyTo(destination);
        return source.Length;
    }

    private static List<(string Id, JsonElement Vector)> Read()
    {
        using JsonDocument document = VectorFile.Open("tunnel/messages.json");
        return [.. document.RootElement.GetProperty("vectors").EnumerateArray().Select(v => (v.GetProperty("id").GetString()!, v.Clone()))];
    }
}
