using System.Text.Json;
using Flint.Testing;

namespace Flint.Coap.Tests.Rfc9290;

/// <summary>docs/spec/vectors/coap/problems.json.</summary>
public sealed class ProblemVectorTests
{
    private static readonly Dictionary<string, JsonElement> All =
        VectorFile.Open("coap/problems.json").RootElement.GetProperty("vectors").EnumerateArray().ToDictionary(vector => vector.GetProperty("id").GetString()!);

    public static TheoryData<string> Ids() => [.. All.Keys];

    [Theory]
    [MemberData(nameof(Ids))]
    public void Vector_Read_GivesItsResult(string id)
    {
        JsonElement vector = All[id];
        byte[] input = vector.Hex("input");

        CoapProblemStatus status = CoapProblemDetails.TryRead(input, out CoapProblemDetails? details);

        Assert.Equal(vector.GetProperty("result").GetString(), status.ToString());
        Assert.Equal(status == CoapProblemStatus.Ok, details is not null);
        if (details is not null)
        {
            Assert.Equal(vector.GetProperty("text").GetString(), details.ToString());
            Assert.Equal(vector.TryGetProperty("written", out _) ? vector.Hex("written") : input, details.ToArray());
        }
    }

    [Fact]
    public void Vectors_EveryStatus_HasOne() => Assert.Empty(Enum.GetNames<CoapProblemStatus>().Except(All.Values.Select(vector => vector.GetProperty("result").GetString()!)));

    [Fact]
    public void Vector_CutAnywhere_IsTruncated()
    {
        foreach (JsonElement vector in All.Values.Where(vector => vector.GetProperty("result").GetString() == "Ok"))
        {
            byte[] input = vector.Hex("input");
            for (int length = 0; length < input.Length; length++)
            {
                Assert.Equal(CoapProblemStatus.Truncated, CoapProblemDetails.TryRead(input.AsSpan(0, length), out _));
            }
        }
    }
}
