using System.Security.Cryptography;
using System.Text.Json;
using Flint.Device.Nano.Tests.Support;
using Flint.Ota;
using Flint.Testing;

namespace Flint.Device.Nano.Tests.Vectors;

/// <summary>docs/spec/vectors/ota, read by the engine as the device has it: its SHA-256, its RSA, its CRC.</summary>
public sealed class OtaVectorTests
{
    [Fact]
    public void Manifest_EveryVector_GivesItsStatusAndDigests()
    {
        using JsonDocument document = VectorFile.Open("ota/manifest.json");
        using RSA key = RSA.Create();
        key.ImportSubjectPublicKeyInfo(document.RootElement.Hex("publicKey"), out _);
        var trust = new DeviceTrust([DeviceKeys.Read(key, RsaPublicKey.UsageSignature)]);
        int signed = 0;
        ForEach(document, vector =>
        {
            // Somewhere in a larger buffer, so that an offset that is forgotten shows.
            byte[] input = vector.Hex("input");
            byte[] buffer = [0xD2, 0x84, .. input, 0xA0];
            var manifest = new OtaManifest();
            OtaStatus status = manifest.TryRead(buffer, 2, input.Length);
            if (status == OtaStatus.Ok && !manifest.VerifySignature(trust, new byte[32]))
            {
                status = OtaStatus.SignatureInvalid;
            }

            Assert.Equal(vector.GetProperty("result").GetString(), status.ToString());
            if (status == OtaStatus.Ok)
            {
                signed++;
                byte[] digest = new byte[32];
                manifest.ComputeDigest(trust, digest, 0);
                Assert.Equal(vector.GetProperty("fields").Hex("digest"), digest);
                manifest.ComputeSetDigest(trust, digest, 0);
                Assert.Equal(vector.GetProperty("fields").Hex("setDigest"), digest);
                Assert.Equal(vector.GetProperty("fields").GetProperty("sequence").GetUInt32(), manifest.Sequence);
            }
        });
        Assert.True(signed >= 4);
    }

    [Fact]
    public void Chunk_EveryVector_GivesItsStatus()
    {
        using JsonDocument document = VectorFile.Open("ota/chunk.json");
        DeviceTrust trust = Trust();
        ForEach(document, vector =>
        {
            byte[] input = vector.Hex("input");
            byte[] buffer = [0, .. input];
            OtaStatus status = OtaChunkFrame.TryRead(buffer, 1, input.Length, out int offset, out int length);
            if (status == OtaStatus.Ok && !OtaChunkFrame.Verify(trust, OtaChunkFrame.NameChecksum(trust, vector.Hex("artifact")), buffer, 1, length))
            {
                status = OtaStatus.ChunkCorrupt;
            }

            Assert.Equal(vector.GetProperty("result").GetString(), status.ToString());
            Assert.Equal((vector.GetProperty("offset").GetInt32(), vector.GetProperty("length").GetInt32()), (offset, length));
        });
    }

    [Fact]
    public void State_EveryVector_IsReadAndWrittenBack()
    {
        using JsonDocument document = VectorFile.Open("ota/state.json");
        DeviceTrust trust = Trust();
        ForEach(document, vector =>
        {
            byte[] input = vector.Hex("input");
            var record = new OtaStateRecord();
            bool isRecord = record.TryRead(input, 0, trust);
            Assert.Equal(vector.GetProperty("result").GetBoolean(), isRecord);
            if (isRecord)
            {
                byte[] written = new byte[128];
                record.Write(written, 0, trust);
                Assert.Equal(input, written);
            }
        });
    }

    [Fact]
    public void Crc32C_EveryVector_IsTheDevices()
    {
        using JsonDocument document = VectorFile.Open("ota/crc32c.json");
        DeviceTrust trust = Trust();
        ForEach(document, vector =>
        {
            byte[] input = vector.Hex("input");
            Assert.Equal(Convert.ToUInt32(vector.GetProperty("result").GetString(), 16), trust.Crc32C(0, input, 0, input.Length));
        });
    }

    private static DeviceTrust Trust() => new([DeviceKeys.Read(TunnelFixture.Key("signing"), RsaPublicKey.UsageSignature)]);

    private static void ForEach(JsonDocument document, Action<JsonElement> check)
    {
        int count = 0;
        foreach (JsonElement vector in document.RootElement.GetProperty("vectors").EnumerateArray())
        {
            Exception? fault = Xunit.Record.Exception(() => check(vector));
            Assert.True(fault is null, $"{vector.GetProperty("id").GetString()}: {fault?.Message}");
            count++;
        }

        Assert.True(count > 4);
    }
}
