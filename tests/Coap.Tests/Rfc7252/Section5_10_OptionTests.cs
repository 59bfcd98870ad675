using System.Net;

namespace Flint.Coap.Tests.Rfc7252;

/// <summary>RFC 7252 section 5.10: what the content and conditional options do, at a router and between real ends.</summary>
public sealed class Section5_10_OptionTests
{
    private static readonly CoapETag Current = new([1, 2, 3]);
    private static readonly CoapETag Old = new([1, 2]);

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    public void ETag_OfAWrongLength_IsTheCallersBug(int length) => Assert.Throws<ArgumentException>(() => new CoapETag(new byte[length]));

    [Fact]
    public void ETag_ZeroBytesCount()
    {
        Assert.NotEqual(new CoapETag([1]), new CoapETag([1, 0]));
        Assert.Equal(new CoapETag([0, 0]), new CoapETag([0, 0]));
        Assert.True(new CoapETag([0, 7]).Is([0, 7]));
        Assert.False(new CoapETag([0, 7]).Is([]));
        Assert.Equal("0007", new CoapETag([0, 7]).ToString());
        Assert.Equal(8, CoapETag.Of("a"u8).Length);
        Assert.NotEqual(CoapETag.Of("a"u8), CoapETag.Of("b"u8));
        Assert.Equal(default(CoapETag), default);
    }

    /// <summary>Section 5.10.8.1: the condition holds where one of several matches; the empty value matches whatever exists.</summary>
    [Theory]
    [InlineData(true, new[] { "" }, null)]
    [InlineData(false, new[] { "" }, CoapCode.PreconditionFailed)]
    [InlineData(true, new[] { "010203" }, null)]
    [InlineData(true, new[] { "0102" }, CoapCode.PreconditionFailed)]
    [InlineData(true, new[] { "0102", "010203" }, null)]
    [InlineData(true, new[] { "01020300" }, CoapCode.PreconditionFailed)]
    [InlineData(false, new[] { "010203" }, CoapCode.PreconditionFailed)]
    public void IfMatch_IsEvaluated(bool exists, string[] tags, CoapCode? expected)
    {
        var request = new CoapRequest(CoapCode.Put, "/x");
        foreach (string tag in tags)
        {
            request.AddIfMatch(tag.Length == 0 ? null : new CoapETag(Convert.FromHexString(tag)));
        }

        Assert.Equal(expected, request.CheckPreconditions(exists ? Current : null)?.Code);
    }

    /// <summary>Section 5.10.8.2.</summary>
    [Theory]
    [InlineData(0u, "6: ")]
    [InlineData(1u, "6: 01")]
    [InlineData(0xffffffu, "6: FFFFFF")]
    public void Observe_IsTheOptionsNumber(uint value, string option)
    {
        var request = new CoapRequest(CoapCode.Get, "/") { Observe = value };
        Assert.Equal([option], Messages.Describe(request.Options.View));
        Assert.Equal(value, request.Observe);
        request.Observe = null;
        Assert.Null(request.Observe);
        Assert.Null(new CoapResponse(CoapCode.Content).Observe);
    }

    [Fact]
    public void IfNoneMatch_IsEvaluated()
    {
        var request = new CoapRequest(CoapCode.Put, "/x") { IfNoneMatch = true };

        Assert.Null(request.CheckPreconditions(null));
        Assert.Equal(CoapCode.PreconditionFailed, request.CheckPreconditions(Current)!.Code);
        request.IfNoneMatch = false;
        Assert.Null(request.CheckPreconditions(Current));
    }

    [Fact]
    public async Task Router_WithAnETag_RefusesBeforeTheHandlerRuns()
    {
        int runs = 0;
        CoapRouter router = Router(() => runs++);
        var stale = new CoapRequest(CoapCode.Put, "/v/x");
        stale.AddIfMatch(Old);
        var fresh = new CoapRequest(CoapCode.Put, "/v/x");
        fresh.AddIfMatch(Current);

        Assert.Equal(CoapCode.PreconditionFailed, (await router.HandleAsync(stale, default)).Code);
        Assert.Equal(0, runs);
        Assert.Equal(CoapCode.Changed, (await router.HandleAsync(fresh, default)).Code);
        Assert.Equal(CoapCode.PreconditionFailed, (await router.HandleAsync(new CoapRequest(CoapCode.Put, "/v/x") { IfNoneMatch = true }, default)).Code);
        Assert.Equal(CoapCode.Changed, (await router.HandleAsync(new CoapRequest(CoapCode.Put, "/v/new") { IfNoneMatch = true }, default)).Code);
        Assert.Equal(2, runs);
    }

    /// <summary>Section 5.10.6.2.</summary>
    [Fact]
    public async Task Router_WithAnETag_ValidatesWhatTheClientHas()
    {
        int runs = 0;
        CoapRouter router = Router(() => runs++);
        var request = new CoapRequest(CoapCode.Get, "/v/x");
        request.AddETag(Old);

        CoapResponse content = await router.HandleAsync(request, default);
        Assert.Equal(CoapCode.Content, content.Code);
        Assert.Equal(Current, content.ETag);
        request.AddETag(Current);
        CoapResponse valid = await router.HandleAsync(request, default);

        Assert.Equal(CoapCode.Valid, valid.Code);
        Assert.Equal(Current, valid.ETag);
        Assert.True(valid.Payload.IsEmpty);
        Assert.Equal(1, runs);
    }

    [Fact]
    public async Task Router_WithAnETag_LeavesTheHandlersResponseAlone()
    {
        CoapResponse shared = CoapResponse.Content("shared");
        CoapRouter router = new CoapRouter().MapGet("/x", _ => shared).MapETag("/x", _ => Current);

        CoapResponse given = await router.HandleAsync(new CoapRequest(CoapCode.Get, "/x"), default);

        Assert.Equal(Current, given.ETag);
        Assert.Equal("shared", given.GetText());
        Assert.Equal(CoapContentFormat.TextPlain, given.ContentFormat);
        Assert.Null(shared.ETag);
    }

    [Fact]
    public async Task Router_WithAnETag_ObserversGetTheRepresentation()
    {
        var request = new CoapRequest(CoapCode.Get, "/v/x");
        request.AddETag(Current);
        request.Options.Add(CoapOptionNumber.Observe, 0);

        Assert.Equal(CoapCode.Content, (await Router(() => { }).HandleAsync(request, default)).Code);
    }

    /// <summary>RFC 7641 section 4.3.2: who observes too gets the representation, whatever the first observer has stored.</summary>
    [Fact]
    public async Task Router_WithAnETag_WhatOneObserverHasIsNotAskedForAll()
    {
        var first = new CoapRequest(CoapCode.Get, "/v/x");
        first.AddETag(Current);
        first.Options.Add(CoapOptionNumber.Observe, 0);
        CoapRequest again = new CoapObservedResource("key", first).Request;

        Assert.Equal(["11: 76", "11: 78"], Messages.Describe(again.Options.View));
        Assert.Equal(CoapCode.Content, (await Router(() => { }).HandleAsync(again, default)).Code);
    }

    /// <summary>Section 5.10.4.</summary>
    [Theory]
    [InlineData(CoapCode.Get, null, CoapCode.Content)]
    [InlineData(CoapCode.Get, CoapContentFormat.TextPlain, CoapCode.Content)]
    [InlineData(CoapCode.Get, CoapContentFormat.Cbor, CoapCode.NotAcceptable)]
    [InlineData(CoapCode.Fetch, CoapContentFormat.Cbor, CoapCode.NotAcceptable)]
    [InlineData(CoapCode.Post, CoapContentFormat.Cbor, CoapCode.Content)]
    public async Task Accept_ThatCannotBeServed_IsNotAcceptable(CoapCode method, CoapContentFormat? accept, CoapCode expected)
    {
        CoapRouter router = new CoapRouter().Map(method, "/x", async (_, _) =>
        {
            await Task.Yield();
            return CoapResponse.Content("text");
        });

        Assert.Equal(expected, (await router.HandleAsync(new CoapRequest(method, "/x") { Accept = accept }, default)).Code);
    }

    [Fact]
    public async Task Accept_OfAnError_LeavesTheError()
    {
        CoapRouter router = new CoapRouter().MapGet("/x", _ => new CoapResponse(CoapCode.NotFound) { ContentFormat = CoapContentFormat.TextPlain });

        Assert.Equal(CoapCode.NotFound, (await router.HandleAsync(new CoapRequest(CoapCode.Get, "/x") { Accept = CoapContentFormat.Cbor }, default)).Code);
    }

    /// <summary>Section 5.10.5.</summary>
    [Fact]
    public void MaxAge_IsSixtySecondsWhereItIsAbsent()
    {
        CoapResponse response = CoapResponse.Content("x");
        Assert.Equal(TimeSpan.FromMinutes(1), response.MaxAge);
        response.MaxAge = TimeSpan.Zero;
        Assert.Equal(TimeSpan.Zero, response.MaxAge);
        response.MaxAge = TimeSpan.FromSeconds(uint.MaxValue);
        Assert.Equal(TimeSpan.FromSeconds(uint.MaxValue), response.MaxAge);
        Assert.Contains("14: FFFFFFFF", Messages.Describe(response.Options.View));
        Assert.Throws<ArgumentOutOfRangeException>(() => response.MaxAge = TimeSpan.FromSeconds(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => response.MaxAge = TimeSpan.FromSeconds(1L << 32));
    }

    /// <summary>Section 5.10.7.</summary>
    [Theory]
    [InlineData("/m/17", new[] { "8: 6D", "8: 3137" })]
    [InlineData("/a%2Fb?c=d&e", new[] { "8: 612F62", "20: 633D64", "20: 65" })]
    [InlineData("/?q", new[] { "20: 71" })]
    public void Location_GoesThereAndBack(string location, string[] options)
    {
        CoapResponse response = CoapResponse.Created(location);

        Assert.Equal(CoapCode.Created, response.Code);
        Assert.Equal(options, Messages.Describe(response.Options.View));
        Assert.Equal(location, response.Location);
        response.Location = null;
        Assert.Null(response.Location);
    }

    [Theory]
    [InlineData("2E")]
    [InlineData("2E2E")]
    public void Location_WithADotSegment_IsNone(string segment)
    {
        CoapResponse response = CoapResponse.Created("/m");
        response.Options.Add(CoapOptionNumber.LocationPath, Convert.FromHexString(segment));

        Assert.Null(response.Location);
    }

    /// <summary>Section 5.10.9, RFC 7959 section 4.</summary>
    [Fact]
    public void Sizes_AreOptions()
    {
        var response = new CoapResponse(CoapCode.RequestEntityTooLarge) { Size1 = 1024, Size2 = 0 };

        Assert.Equal(["28: ", "60: 0400"], Messages.Describe(response.Options.View));
        Assert.Equal(1024u, response.Size1);
        Assert.Equal(0u, response.Size2);
        response.Size2 = null;
        Assert.Null(response.Size2);
    }

    [Theory]
    [InlineData("coap")]
    [InlineData("coap+tcp")]
    public async Task Preconditions_ReachOnlyHandlersThatWereDeclaredToCheckThem(string scheme)
    {
        int runs = 0;
        foreach (bool declared in (bool[])[false, true])
        {
            await using CoapServer server = Start(Router(() => runs++), declared);
            await using CoapClient client = await CoapClient.ConnectAsync(
                new Uri($"{scheme}://127.0.0.1:{(scheme == "coap" ? server.UdpEndPoint : server.TcpEndPoint)!.Port}"));
            var put = new CoapRequest(CoapCode.Put, "/v/x") { IfNoneMatch = true };

            Assert.Equal(declared ? CoapCode.PreconditionFailed : CoapCode.BadOption, (await client.SendAsync(put)).Code);
            var get = new CoapRequest(CoapCode.Get, "/v/x");
            get.AddETag(Current);
            Assert.Equal(CoapCode.Valid, (await client.SendAsync(get)).Code);
        }

        Assert.Equal(0, runs);
    }

    private static CoapServer Start(CoapRouter router, bool declared) => CoapServer.Start(router.HandleAsync, new()
    {
        Udp = new IPEndPoint(IPAddress.Loopback, 0),
        Tcp = new IPEndPoint(IPAddress.Loopback, 0),
        UdpOptions = declared ? new() { CriticalOptions = CoapRouter.PreconditionOptions } : new(),
        ConnectionOptions = declared ? new() { CriticalOptions = CoapRouter.PreconditionOptions } : new(),
    });

    private static CoapRouter Router(Action ran) => new CoapRouter()
        .MapGet("/v/{name}", request =>
        {
            ran();
            return CoapResponse.Content(request.Route("name"));
        })
        .MapPut("/v/{name}", _ =>
        {
            ran();
            return CoapResponse.Changed();
        })
        .MapETag("/{*path}", request => request.Route("path") == "v/new" ? null : Current);
}
