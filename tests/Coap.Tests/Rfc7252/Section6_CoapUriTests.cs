using System.Net;

namespace Flint.Coap.Tests.Rfc7252;

/// <summary>RFC 7252 section 6.1 to section 6.5 and RFC 8323 section 8, rule by rule.</summary>
public sealed class Section6_CoapUriTests
{
    private static readonly IPEndPoint Destination = new(IPAddress.Parse("2001:db8::2:1"), 5683);

    [Theory]
    [InlineData("", CoapUriStatus.NotAbsolute)]
    [InlineData("/sensors", CoapUriStatus.NotAbsolute)]
    [InlineData("//host/sensors", CoapUriStatus.NotAbsolute)]
    [InlineData(":5683", CoapUriStatus.NotAbsolute)]
    [InlineData("1coap://host", CoapUriStatus.NotAbsolute)]
    [InlineData("co ap://host", CoapUriStatus.NotAbsolute)]
    [InlineData("http://host/", CoapUriStatus.UnknownScheme)]
    [InlineData("coap+udp://host/", CoapUriStatus.UnknownScheme)]
    [InlineData("coap://host/a#b", CoapUriStatus.Fragment)]
    [InlineData("coap://host#", CoapUriStatus.Fragment)]
    [InlineData("coap://user@host/", CoapUriStatus.UserInformation)]
    [InlineData("coap://@host/", CoapUriStatus.UserInformation)]
    [InlineData("coap:", CoapUriStatus.MissingHost)]
    [InlineData("coap:host/a", CoapUriStatus.MissingHost)]
    [InlineData("coap:///a", CoapUriStatus.MissingHost)]
    [InlineData("coap://:5683/a", CoapUriStatus.MissingHost)]
    [InlineData("coap://a b/", CoapUriStatus.MalformedHost)]
    [InlineData("coap://a%20b/", CoapUriStatus.MalformedHost)]
    [InlineData("coap://a%2Fb/", CoapUriStatus.MalformedHost)]
    [InlineData("coap://%ff/", CoapUriStatus.MalformedHost)]
    [InlineData("coap://[::1/", CoapUriStatus.MalformedHost)]
    [InlineData("coap://[]/", CoapUriStatus.MalformedHost)]
    [InlineData("coap://[::g]/", CoapUriStatus.MalformedHost)]
    [InlineData("coap://[v1.x]/", CoapUriStatus.MalformedHost)]
    [InlineData("coap://[127.0.0.1]/", CoapUriStatus.MalformedHost)]
    [InlineData("coap://[fe80::1%1]/", CoapUriStatus.MalformedHost)]
    [InlineData("coap://[::1/64]/", CoapUriStatus.MalformedHost)]
    [InlineData("coap://::1/", CoapUriStatus.MissingHost)]
    [InlineData("coap://host:0/", CoapUriStatus.MalformedPort)]
    [InlineData("coap://host:65536/", CoapUriStatus.MalformedPort)]
    [InlineData("coap://host:99999999999/", CoapUriStatus.MalformedPort)]
    [InlineData("coap://host:+1/", CoapUriStatus.MalformedPort)]
    [InlineData("coap://host:1:2/", CoapUriStatus.MalformedPort)]
    [InlineData("coap://[::1]x/", CoapUriStatus.MalformedPort)]
    [InlineData("coap://ho%st/", CoapUriStatus.MalformedPercentEncoding)]
    [InlineData("coap://host/%", CoapUriStatus.MalformedPercentEncoding)]
    [InlineData("coap://host/%2", CoapUriStatus.MalformedPercentEncoding)]
    [InlineData("coap://host/%zz", CoapUriStatus.MalformedPercentEncoding)]
    [InlineData("coap://host/?%+1", CoapUriStatus.MalformedPercentEncoding)]
    [InlineData("coap://host/a b", CoapUriStatus.ForbiddenCharacter)]
    [InlineData("coap://host/<a>", CoapUriStatus.ForbiddenCharacter)]
    [InlineData("coap://host/?a=\"b\"", CoapUriStatus.ForbiddenCharacter)]
    public void Text_ThatIsNone_SaysWhy(string text, CoapUriStatus expected)
    {
        Assert.Equal(expected, CoapUri.TryParse(text, out CoapUri? uri));
        Assert.Null(uri);
        Assert.Throws<FormatException>(() => CoapUri.Parse(text));
    }

    [Fact]
    public void HalfASurrogatePair_IsForbidden() => Assert.Equal(CoapUriStatus.ForbiddenCharacter, CoapUri.TryParse("coap://host/\ud800", out _));

    [Fact]
    public void Segment_Of256Bytes_IsTooLong()
    {
        string most = new('x', 255);

        Assert.Equal(CoapUriStatus.Ok, CoapUri.TryParse($"coap://{most}/{most}?{most}", out _));
        Assert.Equal(CoapUriStatus.SegmentTooLong, CoapUri.TryParse($"coap://h/{most}x", out _));
        Assert.Equal(CoapUriStatus.SegmentTooLong, CoapUri.TryParse($"coap://h/?{most}x", out _));
        Assert.Equal(CoapUriStatus.MalformedHost, CoapUri.TryParse($"coap://{most}x/", out _));
    }

    /// <summary>Section 6.4, step 3; RFC 8323 section 8.1 and section 8.2.</summary>
    [Theory]
    [InlineData("coap://h", CoapScheme.Coap, 5683, false)]
    [InlineData("coaps://h", CoapScheme.Coaps, 5684, true)]
    [InlineData("coap+tcp://h", CoapScheme.CoapTcp, 5683, false)]
    [InlineData("coaps+tcp://h", CoapScheme.CoapsTcp, 5684, true)]
    [InlineData("COAP+Tcp://h", CoapScheme.CoapTcp, 5683, false)]
    public void Scheme_InAnyCase_HasItsDefaultPort(string text, CoapScheme scheme, int port, bool secure)
    {
        CoapUri uri = CoapUri.Parse(text);

        Assert.Equal(scheme, uri.Scheme);
        Assert.Equal(port, uri.Port);
        Assert.Equal(secure, uri.IsSecure);
    }

    /// <summary>Section 6.3.</summary>
    [Theory]
    [InlineData("coap://example.com:5683/~sensors/temp.xml", "coap://example.com/~sensors/temp.xml")]
    [InlineData("coap://EXAMPLE.com/%7Esensors/temp.xml", "coap://example.com/~sensors/temp.xml")]
    [InlineData("coap://EXAMPLE.com:/%7esensors/temp.xml", "coap://example.com/~sensors/temp.xml")]
    [InlineData("COAP://h", "coap://h/")]
    [InlineData("coap://h?q", "coap://h/?q")]
    [InlineData("coap://h:05684/", "coap://h:5684/")]
    [InlineData("coaps://h:5684/", "coaps://h/")]
    [InlineData("coap+tcp://h:5684/", "coap+tcp://h:5684/")]
    [InlineData("coap://h/a/./b/../c", "coap://h/a/c")]
    [InlineData("coap://h/a/%2e%2E/b", "coap://h/b")]
    [InlineData("coap://h/../../a", "coap://h/a")]
    [InlineData("coap://h/a/b/..", "coap://h/a/")]
    [InlineData("coap://h/a/b/.", "coap://h/a/b/")]
    [InlineData("coap://h/.", "coap://h/")]
    [InlineData("coap://h/...", "coap://h/...")]
    [InlineData("coap://h//", "coap://h//")]
    [InlineData("coap://h/a//b/", "coap://h/a//b/")]
    [InlineData("coap://h/%2f%3f?%26&%2f?", "coap://h/%2F%3F?%26&/?")]
    [InlineData("coap://h/\u00fc?\u00fc", "coap://h/%C3%BC?%C3%BC")]
    [InlineData("coap://%C3%9C.EXAMPLE/", "coap://%C3%9C.example/")]
    [InlineData("coap://%41/", "coap://a/")]
    [InlineData("coap://[2001:DB8:0::1]:5683/", "coap://[2001:db8::1]/")]
    [InlineData("coap://127.0.0.1/", "coap://127.0.0.1/")]
    [InlineData("coap://h/?", "coap://h/?")]
    [InlineData("coap://h/?a&&b", "coap://h/?a&&b")]
    public void NormalForm_IsThatOfTheSameResource(string text, string normal)
    {
        CoapUri uri = CoapUri.Parse(text);

        Assert.Equal(normal, uri.ToString());
        Assert.Equal(CoapUri.Parse(normal), uri);
        Assert.Equal(CoapUri.Parse(normal).GetHashCode(), uri.GetHashCode());
    }

    /// <summary>Section 6.3 names these as not the same.</summary>
    [Theory]
    [InlineData("coap://h/a", "coap://h/A")]
    [InlineData("coap://h/a", "coap://h/a/")]
    [InlineData("coap://h/a%2Fb", "coap://h/a/b")]
    [InlineData("coap://h/", "coap+tcp://h/")]
    [InlineData("coap://h/", "coap://h/?")]
    public void Resources_ThatDiffer_AreNotEqual(string one, string other) => Assert.NotEqual(CoapUri.Parse(one), CoapUri.Parse(other));

    /// <summary>Section 6.4, step 5.</summary>
    [Theory]
    [InlineData("coap://[2001:db8::2:1]/", new string[0])]
    [InlineData("coap://[2001:DB8:0:0:0:0:2:1]/", new string[0])]
    [InlineData("coap://[2001:db8::2:2]/", new[] { "3: 5B323030313A6462383A3A323A325D" })]
    [InlineData("coap://127.0.0.1/", new[] { "3: 3132372E302E302E31" })]
    [InlineData("coap://example.NET/", new[] { "3: 6578616D706C652E6E6574" })]
    [InlineData("coap://127.1/", new[] { "3: 3132372E31" })]
    [InlineData("coap://010.0.0.1/", new[] { "3: 3031302E302E302E31" })]
    [InlineData("coap://%C3%BC/", new[] { "3: C3BC" })]
    public void Step5_Host_IsAnOptionUnlessItIsTheDestination(string text, string[] options) => Assert.Equal(options, Decompose(text));

    [Fact]
    public void Step5_AddressThatIsMapped_IsTheDestination()
    {
        var options = new CoapOptionList();
        CoapUri.Parse("coap://127.0.0.1").AddTo(options, new IPEndPoint(IPAddress.Parse("::ffff:127.0.0.1"), 5683));

        Assert.True(options.View.IsEmpty);
    }

    [Fact]
    public void Step5_Zone_StaysOnTheMachine()
    {
        CoapUri uri = CoapUri.Parse("coap://[fe80::1%251]/");
        var near = new CoapOptionList();
        uri.AddTo(near, new IPEndPoint(IPAddress.Parse("fe80::1%1"), 5683));
        var far = new CoapOptionList();
        uri.AddTo(far, new IPEndPoint(IPAddress.Parse("fe80::2%1"), 5683));

        Assert.Equal("coap://[fe80::1%251]/", uri.ToString());
        Assert.True(near.View.IsEmpty);
        Assert.Equal(["3: 5B666538303A3A315D"], Messages.Describe(far.View));
    }

    /// <summary>Section 6.4, steps 6 and 7.</summary>
    [Theory]
    [InlineData("coap://[2001:db8::2:1]:5683/", new string[0])]
    [InlineData("coap://[2001:db8::2:1]:/", new string[0])]
    [InlineData("coap://[2001:db8::2:1]:61616/", new[] { "7: F0B0" })]
    [InlineData("coaps://[2001:db8::2:1]/", new[] { "7: 1634" })]
    public void Step7_Port_IsAnOptionUnlessItIsTheDestination(string text, string[] options) => Assert.Equal(options, Decompose(text));

    /// <summary>Section 6.4, steps 8 and 9.</summary>
    [Theory]
    [InlineData("", new string[0])]
    [InlineData("/", new string[0])]
    [InlineData("//", new[] { "11: ", "11: " })]
    [InlineData("/.well-known/core", new[] { "11: 2E77656C6C2D6B6E6F776E", "11: 636F7265" })]
    [InlineData("/%E3%81%93", new[] { "11: E38193" })]
    [InlineData("/a%2Fb", new[] { "11: 612F62" })]
    [InlineData("/?", new[] { "15: " })]
    [InlineData("/?%2F%2F&?%26", new[] { "15: 2F2F", "15: 3F26" })]
    [InlineData("/a?b=c", new[] { "11: 61", "15: 623D63" })]
    public void Step8And9_PathAndQuery_AreOptionsWithoutPercentEncoding(string rest, string[] options) =>
        Assert.Equal(options, Decompose("coap://[2001:db8::2:1]" + rest));

    /// <summary>Section 6.5: the examples of section 6.4 and section 6.5 together.</summary>
    [Theory]
    [InlineData("coap://[2001:db8::2:1]/")]
    [InlineData("coap://example.net/")]
    [InlineData("coap://example.net/.well-known/core")]
    [InlineData("coap://xn--18j4d.example/%E3%81%93%E3%82%93%E3%81%AB%E3%81%A1%E3%81%AF")]
    [InlineData("coap://198.51.100.1:61616//%2F//?%2F%2F&?%26", "coap://198.51.100.1:61616//%2F//?//&?%26")]
    public void Example_OfTheRfc_GoesThereAndBack(string text, string? composed = null)
    {
        var options = new CoapOptionList();
        CoapUri.Parse(text).AddTo(options, Destination);

        Assert.Equal(CoapUriStatus.Ok, CoapUri.TryCompose(CoapScheme.Coap, options.View, Destination, out CoapUri? uri));
        Assert.Equal(composed ?? text, uri!.ToString());
    }

    /// <summary>RFC 7252 appendix B: the destination, the options, and the URI.</summary>
    [Theory]
    [InlineData("2001:db8::2:1", 5683, new string[0], "coap://[2001:db8::2:1]/")]
    [InlineData("2001:db8::2:1", 5683, new[] { "3:example.net" }, "coap://example.net/")]
    [InlineData("2001:db8::2:1", 5683, new[] { "3:example.net", "11:.well-known", "11:core" }, "coap://example.net/.well-known/core")]
    [InlineData(
        "2001:db8::2:1", 5683, new[] { "3:xn--18j4d.example", "11:\u3053\u3093\u306b\u3061\u306f" }, "coap://xn--18j4d.example/%E3%81%93%E3%82%93%E3%81%AB%E3%81%A1%E3%81%AF")]
    [InlineData("198.51.100.1", 61616, new[] { "11:", "11:/", "11:", "11:", "15://", "15:?&" }, "coap://198.51.100.1:61616//%2F//?//&?%26")]
    public void AppendixB_Options_GiveTheUri(string address, int port, string[] options, string expected)
    {
        CoapOptionList list = Options(options);

        Assert.Equal(CoapUriStatus.Ok, CoapUri.TryCompose(CoapScheme.Coap, list.View, new IPEndPoint(IPAddress.Parse(address), port), out CoapUri? uri));
        Assert.Equal(expected, uri!.ToString());
    }

    /// <summary>Section 6.5, steps 1 to 5.</summary>
    [Theory]
    [InlineData(CoapScheme.Coaps, new string[0], "coaps://[2001:db8::2:1]:5683/")]
    [InlineData(CoapScheme.CoapTcp, new string[0], "coap+tcp://[2001:db8::2:1]/")]
    [InlineData(CoapScheme.Coap, new[] { "3:EXAMPLE.net" }, "coap://example.net/")]
    [InlineData(CoapScheme.Coap, new[] { "3:\u00fc.example" }, "coap://%C3%BC.example/")]
    [InlineData(CoapScheme.Coap, new[] { "3:[::1]" }, "coap://[::1]/")]
    [InlineData(CoapScheme.Coap, new[] { "3:192.0.2.1" }, "coap://192.0.2.1/")]
    public void Steps1To5_SchemeHostAndPort(CoapScheme scheme, string[] options, string expected)
    {
        Assert.Equal(CoapUriStatus.Ok, CoapUri.TryCompose(scheme, Options(options).View, Destination, out CoapUri? uri));
        Assert.Equal(expected, uri!.ToString());
    }

    [Theory]
    [InlineData("030120", CoapUriStatus.MalformedHost)] // Uri-Host " "
    [InlineData("0361256c", CoapUriStatus.MalformedHost)] // Uri-Host "a%l"
    [InlineData("03ff", CoapUriStatus.MalformedHost)]
    [InlineData("03", CoapUriStatus.MalformedHost)]
    [InlineData("035b3a3a", CoapUriStatus.MalformedHost)] // Uri-Host "[::"
    [InlineData("07", CoapUriStatus.MalformedPort)]
    [InlineData("07010000", CoapUriStatus.MalformedPort)]
    [InlineData("070000000001", CoapUriStatus.MalformedPort)]
    [InlineData("0b2e", CoapUriStatus.DotSegment)]
    [InlineData("0b2e2e", CoapUriStatus.DotSegment)]
    public void Options_ThatMakeNone_SayWhy(string option, CoapUriStatus expected)
    {
        byte[] bytes = Convert.FromHexString(option);
        var options = new CoapOptionList();
        options.Add((CoapOptionNumber)bytes[0], bytes.AsSpan(1));

        Assert.Equal(expected, CoapUri.TryCompose(CoapScheme.Coap, options.View, Destination, out CoapUri? uri));
        Assert.Null(uri);
    }

    [Fact]
    public void Options_LongerThanTheyMayBe_SayWhy()
    {
        var options = new CoapOptionList();
        options.Add(CoapOptionNumber.UriPath, new byte[256]);

        Assert.Equal(CoapUriStatus.SegmentTooLong, CoapUri.TryCompose(CoapScheme.Coap, options.View, Destination, out _));
    }

    private static string[] Decompose(string text)
    {
        var options = new CoapOptionList();
        CoapUri.Parse(text).AddTo(options, Destination);
        return Messages.Describe(options.View);
    }

    private static CoapOptionList Options(string[] texts)
    {
        var options = new CoapOptionList();
        foreach (string text in texts)
        {
            string[] parts = text.Split(':', 2);
            options.Add((CoapOptionNumber)int.Parse(parts[0]), parts[1]);
        }

        return options;
    }
}
