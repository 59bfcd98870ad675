using System.Security.Cryptography;
using System.Text.Json;
using Flint.Testing;

namespace Flint.Ota.Tests.Vectors;

/// <summary>docs/spec/vectors/ota: made by another program from the specification, and read by everything that implements it.</summary>
public sealed class VectorTests
{
    [Fact]
    public void Crc32C_EveryVector_TableAndInstructionAgree()
    {
        ForEach("ota/crc32c.json", vector =>
        {
            byte[] input = vector.Hex("input");
            uint expected = Convert.ToUInt32(vector.GetProperty("result").GetString(), 16);
            Assert.Equal(expected, OtaCrc32C.Append(0, input, 0, input.Length));
            Assert.Equal(expected, OtaFastCrc32C.Append(0, input));
            Assert.Equal(expected, OtaCrc32C.Append(OtaCrc32C.Append(0, input, 0, input.Length / 2), input, input.Length / 2, input.Length - (input.Length / 2)));
        });
    }

    [Fact]
    public void Crc32C_EveryLengthAndAlignment_TableAndInstructionAgree()
    {
        byte[] data = Lab.Bytes(4200, 9);
        for (int length = 0; length < 4100; length += length < 1100 ? 1 : 37)
        {
            for (int start = 0; start < 9; start++)
            {
                uint expected = OtaCrc32C.Append(77, data, start, length);
                Assert.Equal(expected, OtaFastCrc32C.Append(77, data.AsSpan(start, length)));
                Assert.Equal(expected, ~OtaFastCrc32C.AppendWords(~77u, data.AsSpan(start, length)));
            }
        }
    }

    // [OTA-051], [OTA-053], [OTA-054], [OTA-055], [OTA-056]
    [Fact]
    public void Manifest_EveryVector_GivesItsStatusAndFields()
    {
        using JsonDocument document = VectorFile.Open("ota/manifest.json");
        using RSA key = RSA.Create();
        key.ImportSubjectPublicKeyInfo(document.RootElement.Hex("publicKey"), out _);
        using var trust = new OtaTrustStore();
        trust.Add(key);
        var seen = new HashSet<OtaStatus>();
        ForEach("ota/manifest.json", vector =>
        {
            // Somewhere in a larger buffer, so that an offset that is forgotten shows.
            byte[] input = vector.Hex("input");
            byte[] buffer = [0xD2, 0x84, .. input, 0xA0];
            var manifest = new OtaManifest();
            OtaStatus status = manifest.TryRead(buffer, 2, input.Length);
            if (status == OtaStatus.Ok && vector.GetProperty("result").GetString() != "Ok")
            {
                status = manifest.VerifySignature(trust, new byte[32]) ? OtaStatus.Ok : OtaStatus.SignatureInvalid;
            }

            Assert.Equal(vector.GetProperty("result").GetString(), status.ToString());
            seen.Add(status);
            if (status == OtaStatus.Ok)
            {
                Assert.True(manifest.VerifySignature(trust, new byte[32]));
                AssertFields(vector.GetProperty("fields"), manifest, trust);
            }
        });

        Assert.Superset(
            new HashSet<OtaStatus>(Enum.GetValues<OtaStatus>().Where(s => s is OtaStatus.Ok or (>= OtaStatus.ManifestTruncated and <= OtaStatus.SignatureInvalid))),
            seen);
    }

    [Fact]
    public void BlockTable_EveryVector_IsComputedTheSame()
    {
        ForEach("ota/block-table.json", vector =>
        {
            byte[] image = Image(vector.GetProperty("size").GetInt32());
            OtaImage made = OtaImage.Create(image, vector.GetProperty("blockSize").GetInt32());
            Assert.Equal(vector.Hex("table"), made.Table.ToArray());
            Assert.Equal(vector.Hex("digest"), made.Digest.ToArray());
            Assert.Equal(vector.GetProperty("crc").GetString(), made.Crc.ToString("x8"));
            var name = new byte[8];
            made.WriteName(table: true, name);
            Assert.Equal(vector.Hex("tableName"), name);
            made.WriteName(table: false, name);
            Assert.Equal(vector.Hex("imageName"), name);
        });
    }

    [Fact]
    public void Chunk_EveryVector_GivesItsStatus()
    {
        using OtaTrustStore trust = new();
        ForEach("ota/chunk.json", vector =>
        {
            byte[] input = vector.Hex("input");
            byte[] buffer = [0, .. input];
            byte[] artifact = vector.Hex("artifact");
            OtaStatus status = OtaChunkFrame.TryRead(buffer, 1, input.Length, out int offset, out int length);
            if (status == OtaStatus.Ok && !OtaChunkFrame.Verify(trust, OtaChunkFrame.NameChecksum(trust, artifact), buffer, 1, length))
            {
                status = OtaStatus.ChunkCorrupt;
            }

            Assert.Equal(vector.GetProperty("result").GetString(), status.ToString());
            Assert.Equal(vector.GetProperty("offset").GetInt32(), offset);
            Assert.Equal(vector.GetProperty("length").GetInt32(), length);
            if (status == OtaStatus.Ok)
            {
                byte[] written = [0, .. new byte[10], .. input.AsSpan(10)];
                OtaChunk.WriteHeader(trust, artifact, written, 1, offset, length);
                Assert.Equal(buffer, written);
            }
        });
    }

    [Fact]
    public void State_EveryVector_IsReadAndWrittenBack()
    {
        using OtaTrustStore trust = new();
        ForEach("ota/state.json", vector =>
        {
            byte[] input = vector.Hex("input");
            var record = new OtaStateRecord();
            bool isRecord = record.TryRead(input, 0, trust);
            Assert.Equal(vector.GetProperty("result").GetBoolean(), isRecord);
            if (isRecord)
            {
                var written = new byte[128];
                record.Write(written, 0, trust);
                Assert.Equal(input, written);
            }
        });
    }

    private static void AssertFields(JsonElement fields, OtaManifest manifest, OtaTrust trust)
    {
        Assert.Equal(fields.GetProperty("sequence").GetUInt32(), manifest.Sequence);
        Assert.Equal(fields.GetProperty("securityVersion").GetUInt32(), manifest.SecurityVersion);
        Assert.Equal(fields.Hex("product"), manifest.Buffer.AsSpan(manifest.ProductOffset, manifest.ProductCount).ToArray());
        Assert.Equal(fields.GetProperty("hardwareMin").GetInt32(), manifest.HardwareMin);
        Assert.Equal(fields.GetProperty("hardwareMax").GetInt32(), manifest.HardwareMax);
        Assert.Equal(fields.GetProperty("components").GetInt32(), manifest.ComponentCount);
        Assert.Equal(fields.GetProperty("size").GetInt32(), manifest.Component(0).Size);
        Assert.Equal(fields.GetProperty("blockSize").GetInt32(), manifest.Component(0).BlockSize);
        Assert.Equal(fields.GetProperty("attempts").GetInt32(), manifest.Attempts);
        Assert.Equal(fields.GetProperty("allowDowngrade").GetBoolean(), manifest.AllowDowngrade);
        Assert.Equal(fields.GetProperty("retryRejected").GetBoolean(), manifest.RetryRejected);
        Assert.Equal(fields.GetProperty("confirmWithin").GetUInt32(), manifest.ConfirmWithin);
        Assert.Equal(fields.GetProperty("selfTests").GetUInt32(), manifest.SelfTests);
        Assert.Equal(fields.GetProperty("expires").GetUInt32(), manifest.Expires);
        Assert.Equal(fields.Hex("deployment"), manifest.Buffer.AsSpan(manifest.DeploymentOffset, manifest.DeploymentCount).ToArray());
        Assert.Equal(fields.Hex("device"), manifest.Buffer.AsSpan(manifest.DeviceOffset, manifest.DeviceCount).ToArray());
        var digest = new byte[32];
        manifest.ComputeDigest(trust, digest, 0);
        Assert.Equal(fields.Hex("digest"), digest);
        manifest.ComputeSetDigest(trust, digest, 0);
        Assert.Equal(fields.Hex("setDigest"), digest);
    }

    private static byte[] Image(int length)
    {
        var image = new List<byte>();
        for (int i = 0; image.Count < length; i++)
        {
            image.AddRange(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes($"flint image a {i}")));
        }

        return [.. image.Take(length)];
    }

    private static void ForEach(string file, Action<JsonElement> check)
    {
        using JsonDocument document = VectorFile.Open(file);
        int count = 0;
        foreach (JsonElement vector in document.RootElement.GetProperty("vectors").EnumerateArray())
        {
            try
            {
                check(vector);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"{file} {vector.GetProperty("id").GetString()}: {e.Message}", e);
            }

            count++;
        }

        Assert.True(count > 4);
    }
}
