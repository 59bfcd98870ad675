using System.Text.Json;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Vectors;

/// <summary>Sections 5 and 6.8: each message behind Accept, good and bad, from the committed vectors.</summary>
public sealed class RecordVectorTests
{
    public static TheoryData<string> Ids() => [.. Read().Select(vector => vector.GetProperty("id").GetString()!)];

    [Theory]
    [MemberData(nameof(Ids))]
    public void Record_DoesAsTheVectorSays(string id) // [ST-205] [ST-207] [ST-208] [ST-319] [ST-320] [ST-321]
    {
        JsonElement vector = Read().Single(v => v.GetProperty("id").GetString() == id);
        byte[] inner = vector.GetProperty("input").Hex("inner");
        JsonElement result = vector.GetProperty("result");
        byte[] secret = new byte[32];
        using var sealer = new RecordSealer(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, secret);
        using var session = new TunnelSession(
            new RecordSealer(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, secret),
            new RecordOpener(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, secret, 1024), secret, SystemCrypto.Instance, 1024);
        byte[] frame = new byte[64];
        inner.CopyTo(frame, 2);
        SessionEvent what = session.OnFrame(frame.AsSpan(0, sealer.SealInPlace(frame, inner.Length)), 0, out ReadOnlySpan<byte> content);
        Assert.Equal(result.GetProperty("event").GetString(), what.ToString());
        Assert.Equal(what == SessionEvent.Data ? result.Hex("content") : [], content.ToArray());
        Assert.Equal(result.GetProperty("alert").GetString(), session.Failure.FromPeer ? "None" : session.Failure.Alert.ToString());
        Assert.Equal(what == SessionEvent.Failed, session.State == SessionState.Dead);
        Assert.Equal(what == SessionEvent.Closed, session.State == SessionState.ReadClosed);
    }

    private static List<JsonElement> Read()
    {
        using JsonDocument document = VectorFile.Open("tunnel/records.json");
        return [.. document.RootElement.GetProperty("vectors").EnumerateArray().Select(vector => vector.Clone())];
    }
}
