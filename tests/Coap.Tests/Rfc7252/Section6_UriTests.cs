namespace Flint.Coap.Tests.Rfc7252;

/// <summary>RFC 7252 section 6.4 and section 6.5, and the options of requests.</summary>
public sealed class Section6_UriTests
{
    [Theory]
    [InlineData("/", "/", new string[0])]
    [InlineData("", "/", new string[0])]
    [InlineData("/v/temperature", "/v/temperature", new[] { "11: 76", "11: 74656D7065726174757265" })]
    [InlineData("v", "/v", new[] { "11: 76" })]
    [InlineData("//a", "//a", new[] { "11: ", "11: 61" })]
    [InlineData("/a/../b", "/b", new[] { "11: 62" })]
    [InlineData("/on and off", "/on%20and%20off", new[] { "11: 6F6E20616E64206F6666" })]
    [InlineData("/a//b/", "/a//b/", new[] { "11: 61", "11: ", "11: 62", "11: " })]
    [InlineData("/motion%2Fhall", "/motion%2Fhall", new[] { "11: 6D6F74696F6E2F68616C6C" })]
    [InlineData("/\u00fc", "/%C3%BC", new[] { "11: C3BC" })]
    [InlineData("/%c3%bc", "/%C3%BC", new[] { "11: C3BC" })]
    [InlineData("/o/x?o=0&n=1024", "/o/x", new[] { "11: 6F", "11: 78", "15: 6F3D30", "15: 6E3D31303234" })]
    [InlineData("/?q", "/", new[] { "15: 71" })]
    [InlineData("/a?x=1%262", "/a", new[] { "11: 61", "15: 783D312632" })]
    public void PathAndQuery_ToOptionsAndBack(string text, string path, string[] options)
    {
        var request = new CoapRequest(CoapCode.Get, text);

        Assert.Equal(options, Messages.Describe(request.Options.View));
        Assert.Equal(path, request.Path);
    }

    [Theory]
    [InlineData("/a%")]
    [InlineData("/a%4")]
    [InlineData("/a%zz")]
    [InlineData("/a#b")]
    public void PathAndQuery_ThatIsNone_IsTheCallersBug(string text) =>
        Assert.Throws<FormatException>(() => new CoapRequest(CoapCode.Get, text));

    [Fact]
    public void Segment_TooLong_IsTheCallersBug()
    {
        Assert.Throws<ArgumentException>(() => new CoapRequest(CoapCode.Get, "/" + new string('x', 256)));
        Assert.Equal(255 + 1, new CoapRequest(CoapCode.Get, "/" + new string('x', 255)).Path.Length);
    }

    [Theory]
    [InlineData(CoapCode.Empty)]
    [InlineData(CoapCode.Content)]
    [InlineData(CoapCode.Ping)]
    public void Request_WithAnotherCode_IsTheCallersBug(CoapCode code) => Assert.Throws<ArgumentException>(() => new CoapRequest(code, "/"));

    [Fact]
    public void Query_ByName_IsTheFirst()
    {
        var request = new CoapRequest(CoapCode.Get, "/o/x?o=0&n=1024&o=7&flag");

        Assert.Equal("0", request.Query("o"));
        Assert.Equal("1024", request.Query("n"));
        Assert.Equal("", request.Query("flag"));
        Assert.Null(request.Query("x"));
    }

    [Fact]
    public void Options_AddedInAnyOrder_AreOrderedByNumber()
    {
        var options = new CoapOptionList();
        options.Add((CoapOptionNumber)65535, [1]);
        options.Add(CoapOptionNumber.UriPath, "b");
        options.Add(CoapOptionNumber.ETag, [2]);
        options.Add(CoapOptionNumber.UriPath, "c");
        options.Add((CoapOptionNumber)300, new byte[300]);
        options.Add(CoapOptionNumber.MaxAge, 0);
        options.Add((CoapOptionNumber)65535, [2]);

        Assert.Equal(
            ["4: 02", "11: 62", "11: 63", "14: ", "300: " + new string('0', 600), "65535: 01", "65535: 02"], Messages.Describe(options.View));

        options.Remove(CoapOptionNumber.UriPath);
        options.Remove(CoapOptionNumber.Accept);
        Assert.Equal(["4: 02", "14: ", "300: " + new string('0', 600), "65535: 01", "65535: 02"], Messages.Describe(options.View));
    }
}
