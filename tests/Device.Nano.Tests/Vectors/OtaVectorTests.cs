extern alias ota;

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Flint.Device.Nano.Tests.Support;
using Flint.Ota;
using Flint.Testing;
using OtaImage = ota::Flint.Ota.OtaImage;
using OtaManifestBuilder = ota::Flint.Ota.OtaManifestBuilder;
using OtaSigner = ota::Flint.Ota.OtaSigner;

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

    /// <summary>The vector's table and image, in chunks under the vector's names: armed is what has each block's digest, the table's and the checksum.</summary>
    [Fact]
    public void BlockTable_EveryVector_IsDownloadedAndArmed()
    {
        using JsonDocument document = VectorFile.Open("ota/block-table.json");
        using RSA key = TunnelFixture.Key("signing");
        DeviceTrust trust = Trust();
        ForEach(document, vector =>
        {
            byte[] bytes = Image(vector.GetProperty("size").GetInt32());
            byte[] table = vector.Hex("table");
            OtaImage image = OtaImage.Create(bytes, vector.GetProperty("blockSize").GetInt32());
            Assert.Equal((Convert.ToHexString(vector.Hex("digest")), vector.GetProperty("crc").GetString()), (Convert.ToHexString(image.Digest.Span), $"{image.Crc:x8}"));
            Assert.Equal(image.Crc, trust.Crc32C(0, bytes, 0, bytes.Length));

            OtaEngine engine = Offered(OtaSigner.Sign(new OtaManifestBuilder { Product = "nano"u8.ToArray(), Sequence = 1 }.Add(0, "1", image).Build(), key), trust);
            Assert.Equal((OtaStatus.Ok, OtaStatus.Ok), (Download(engine, trust, table, vector.Hex("tableName"), bytes, vector.Hex("imageName")), engine.Arm()));

            engine = Offered(OtaSigner.Sign(new OtaManifestBuilder { Product = "nano"u8.ToArray(), Sequence = 1 }.Add(0, "1", image).Build(), key), trust);
            table[^1] ^= 1;
            Assert.NotEqual(OtaStatus.Ok, Download(engine, trust, table, vector.Hex("tableName"), bytes, vector.Hex("imageName")));
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

    private static OtaEngine Offered(byte[] envelope, DeviceTrust trust)
    {
        var flash = new DeviceMemoryFlash();
        var engine = new OtaEngine(flash, OtaLayout.Divide(flash, factory: false), trust, new NanoBoot(), new OtaOptions("nano"u8.ToArray()));
        engine.Start();
        Assert.Equal(OtaStatus.Ok, engine.Offer(envelope, 0, envelope.Length));
        return engine;
    }

    /// <summary>Answers the engine's requests until all is there.</summary>
    /// <returns>Ok, or what the engine said to the first chunk that it did not take.</returns>
    private static OtaStatus Download(OtaEngine engine, DeviceTrust trust, byte[] table, byte[] tableName, byte[] image, byte[] imageName)
    {
        var request = new OtaRequest();
        OtaStatus status = OtaStatus.Ok;
        while (status == OtaStatus.Ok && engine.TryGetRequest(request))
        {
            byte[] name = request.IsTable ? tableName : imageName;
            Assert.Equal(name, request.Artifact);
            byte[] frame = new byte[OtaChunkFrame.HeaderLength + request.Length];
            BinaryPrimitives.WriteInt32BigEndian(frame, request.Offset);
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(4), (ushort)request.Length);
            (request.IsTable ? table : image).AsSpan(request.Offset, request.Length).CopyTo(frame.AsSpan(OtaChunkFrame.HeaderLength));
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(6), OtaChunkFrame.Checksum(trust, OtaChunkFrame.NameChecksum(trust, name), frame, 0, request.Length));
            status = engine.OnChunk(frame, 0, frame.Length);
        }

        return status;
    }

    /// <summary>The image of block-table.json, as its comment says.</summary>
    private static byte[] Image(int length)
    {
        var image = new List<byte>();
        for (int i = 0; image.Count < length; i++)
        {
            image.AddRange(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes($"flint image a {i}")));
        }

        return [.. image.Take(length)];
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
