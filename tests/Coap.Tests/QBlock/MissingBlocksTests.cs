using System.Text.Json;
using Flint.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Flint.Coap.Tests.QBlock;

/// <summary>RFC 9177 section 5: application/missing-blocks+cbor-seq, against vectors/coap/missing-blocks.json.</summary>
public sealed class MissingBlocksTests
{
    public static TheoryData<string> Vectors
    {
        get
        {
            using JsonDocument vectors = JsonDocument.Parse(File.ReadAllText(VectorFile.PathOf("coap/missing-blocks.json")));
            return [.. vectors.RootElement.EnumerateArray().Select(vector => vector.GetProperty("id").GetString()!)];
        }
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Vector_ReadsAndWritesAsItSays(string id)
    {
        using JsonDocument vectors = JsonDocument.Parse(File.ReadAllText(VectorFile.PathOf("coap/missing-blocks.json")));
        JsonElement vector = vectors.RootElement.EnumerateArray().Single(one => one.GetProperty("id").GetString() == id);
        byte[] input = Convert.FromHexString(vector.GetProperty("input").GetString()!);
        bool isValid = vector.GetProperty("result").GetString() == "Ok";
        var numbers = new int[16];

        Assert.Equal(isValid, MissingBlocks.TryRead(input, numbers, out int count));
        if (isValid)
        {
            Assert.Equal(vector.GetProperty("numbers").EnumerateArray().Select(number => number.GetInt32()), numbers[..count]);
            if (vector.GetProperty("flags").GetArrayLength() == 0)
            {
                var written = new byte[input.Length + 8];
                Assert.Equal(Convert.ToHexStringLower(input), Convert.ToHexStringLower(written[..MissingBlocks.Write(numbers.AsSpan(0, count), written)]));
            }
        }
    }

    [Fact]
    public void Numbers_WrittenAndRead_AreTheSame() => PropertyRunner.Check(ArbMap.Default.ArbFor<int[]>(), (int[] values) =>
    {
        int[] numbers = [.. values.Select(value => value & 0xfffff).Distinct().Order().Take(20)];
        var bytes = new byte[5 * numbers.Length];
        int length = MissingBlocks.Write(numbers, bytes);
        var read = new int[20];
        return MissingBlocks.TryRead(bytes.AsSpan(0, length), read, out int count) == (numbers.Length > 0) && numbers.AsSpan().SequenceEqual(read.AsSpan(0, count));
    });

    [Fact]
    public void Bytes_Random_NeverThrow() => PropertyRunner.Check(ArbMap.Default.ArbFor<byte[]>(), (byte[] bytes) =>
    {
        var numbers = new int[4];
        return !MissingBlocks.TryRead(bytes, numbers, out int count) || (count > 0 && numbers[..count].SequenceEqual(numbers[..count].Distinct().Order()));
    });
}
