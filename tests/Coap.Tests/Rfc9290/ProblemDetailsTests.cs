using System.Net;
using Flint.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Flint.Coap.Tests.Rfc9290;

public sealed class ProblemDetailsTests
{
    private static readonly CoapProblemDetails Full = new()
    {
        Title = new CoapProblemText("Title", "en-GB", CoapTextDirection.LeftToRight),
        Detail = "Detail",
        Instance = "/i/1",
        ResponseCode = CoapCode.BadOption,
        Base = "coap://h/",
        BaseLanguage = "he",
        BaseDirection = CoapTextDirection.RightToLeft,
        UnprocessedOptions = [CoapOptionNumber.Oscore, (CoapOptionNumber)65535],
        Entries = [new CoapProblemEntry(4711, new byte[] { 0xa0 }), new CoapProblemEntry("tag:example.org,2026:x", new byte[] { 0xa1, 0, 1 }), new CoapProblemEntry(-9, new byte[] { 1 })],
    };

    [Fact]
    public void EveryProperty_GoesThereAndBack()
    {
        Assert.Equal(CoapProblemStatus.Ok, CoapProblemDetails.TryRead(Full.ToArray(), out CoapProblemDetails? read));

        Assert.Equal(Full.Title, read!.Title);
        Assert.Equal(Full.Detail, read.Detail);
        Assert.Equal(Full.Instance, read.Instance);
        Assert.Equal(Full.ResponseCode, read.ResponseCode);
        Assert.Equal(Full.Base, read.Base);
        Assert.Equal(Full.BaseLanguage, read.BaseLanguage);
        Assert.Equal(Full.BaseDirection, read.BaseDirection);
        Assert.Equal(Full.UnprocessedOptions, read.UnprocessedOptions);
        Assert.Equal(["4711  A0", " tag:example.org,2026:x A10001", "-9  01"], read.Entries.Select(entry => $"{entry.Key} {entry.Name} {Convert.ToHexString(entry.Value.Span)}"));
    }

    /// <summary>RFC 9290 figure 3, field by field.</summary>
    [Fact]
    public void Figure3_HasItsFields()
    {
        byte[] bytes = VectorFile.Open("coap/problems.json").RootElement.GetProperty("vectors").EnumerateArray()
            .First(vector => vector.GetProperty("id").GetString() == "rfc9290-figure-3").Hex("input");

        CoapProblemDetails.TryRead(bytes, out CoapProblemDetails? details);

        Assert.Equal("title of the error", details!.Title);
        Assert.Equal("detailed information about the error", details.Detail);
        Assert.Equal("coaps://pd.example/FA317434", details.Instance);
        Assert.Equal(CoapCode.BadRequest, details.ResponseCode);
        Assert.Equal("tag:3gpp.org,2022-03:TS29112", Assert.Single(details.Entries).Name);
    }

    [Fact]
    public void AnyBytes_GiveAStatus_AndWhatIsAcceptedIsReadAgainTheSame()
    {
        byte[] good = Full.ToArray();
        Arbitrary<(int Place, byte Value, int Length)> mutation =
            (from place in Gen.Choose(0, good.Length - 1) from value in Gen.Choose(0, 255) from length in Gen.Choose(0, 2 * good.Length) select (place, (byte)value, length)).ToArbitrary();
        PropertyRunner.Check(mutation, ((int Place, byte Value, int Length) m) =>
        {
            byte[] bytes = good[..Math.Min(m.Length, good.Length)];
            if (m.Place < bytes.Length)
            {
                bytes[m.Place] = m.Value;
            }

            ReadsOrRefuses(bytes);
        }, 5000);
        PropertyRunner.Check(Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf().ToArbitrary(), (byte[] bytes) => ReadsOrRefuses([0xa3, .. bytes]), 2000);
    }

    [Fact]
    public async Task Problem_OfAServer_ReachesTheCaller()
    {
        CoapRouter router = new CoapRouter()
            .MapGet("/p", _ => CoapResponse.Problem(CoapCode.Conflict, "Busy", "Try again after the update."))
            .MapGet("/full", _ => CoapResponse.Problem(CoapCode.BadOption, Full));
        await using CoapServer server = CoapServer.Start(router.HandleAsync, new() { Udp = new IPEndPoint(IPAddress.Loopback, 0) });
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://{server.UdpEndPoint}"));

        CoapResponse response = await client.GetAsync("/p");
        Assert.Equal(CoapCode.Conflict, response.Code);
        Assert.True(response.TryGetProblem(out CoapProblemDetails? details));
        Assert.Equal("Busy", details.Title);
        CoapException e = Assert.Throws<CoapException>(response.EnsureSuccess);
        Assert.Equal("4.09 Busy: Try again after the update.", e.Message);
        Assert.Same(response, e.Response);
        Assert.True((await client.GetAsync("/full")).TryGetProblem(out details));
        Assert.Equal(CoapOptionNumber.Oscore, details.UnprocessedOptions[0]);
        Assert.False((await client.GetAsync("/nothing")).TryGetProblem(out _));
    }

    [Fact]
    public void Response_WithAMalformedProblem_HasNone() =>
        Assert.False(new CoapResponse(CoapCode.BadRequest) { ContentFormat = CoapContentFormat.ConciseProblemDetails, Payload = new byte[] { 0xa1 } }.TryGetProblem(out _));

    [Fact]
    public void Misuse_IsTheCallersBug()
    {
        Assert.Throws<InvalidOperationException>(() => new CoapProblemDetails().ToArray());
        Assert.Throws<InvalidOperationException>(() => new CoapProblemDetails { BaseLanguage = "not a tag" }.ToArray());
        Assert.Throws<InvalidOperationException>(() => new CoapProblemDetails { Title = new CoapProblemText("t", "") }.ToArray());
        Assert.Throws<ArgumentException>(() => CoapResponse.Problem(CoapCode.Content, "no error"));
        Assert.Throws<ArgumentException>(() => CoapResponse.Problem(CoapCode.NotFound, Full));
        Assert.Throws<ArgumentException>(() => new CoapProblemEntry(1, new byte[] { 1 }));
        Assert.Throws<ArgumentException>(() => new CoapProblemEntry(-1, new byte[] { 1 }));
        Assert.Throws<ArgumentException>(() => new CoapProblemEntry(-9, new byte[] { 1, 1 }));
        Assert.Throws<ArgumentException>(() => new CoapProblemEntry("", new byte[] { 0xa0 }));
    }

    private static void ReadsOrRefuses(byte[] bytes)
    {
        CoapProblemStatus status = CoapProblemDetails.TryRead(bytes, out CoapProblemDetails? details);
        Assert.True(Enum.IsDefined(status));
        if (status == CoapProblemStatus.Ok && details!.ToString().Length + details.Entries.Count > 0)
        {
            byte[] written = details.ToArray();
            Assert.Equal(CoapProblemStatus.Ok, CoapProblemDetails.TryRead(written, out CoapProblemDetails? again));
            Assert.Equal(written, again!.ToArray());
        }
    }
}
