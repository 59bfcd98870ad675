using System.Text;
using System.Text.Json;
using Flint.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Flint.Coap.Tests.Rfc6690;

/// <summary>docs/spec/vectors/coap/links.json, and what links say.</summary>
public sealed class LinkFormatTests
{
    private static readonly Dictionary<string, JsonElement> All =
        VectorFile.Open("coap/links.json").RootElement.GetProperty("vectors").EnumerateArray().ToDictionary(vector => vector.GetProperty("id").GetString()!);

    public static TheoryData<string> Ids() => [.. All.Keys];

    [Theory]
    [MemberData(nameof(Ids))]
    public void Vector_Read_GivesItsResult(string id)
    {
        JsonElement vector = All[id];
        string text = vector.GetProperty("text").GetString()!;

        CoapLinkFormatStatus status = CoapLinkFormat.TryRead(Encoding.UTF8.GetBytes(text), out IReadOnlyList<CoapLink> links);

        Assert.Equal(vector.GetProperty("result").GetString(), status.ToString());
        if (status != CoapLinkFormatStatus.Ok)
        {
            Assert.Empty(links);
            return;
        }

        Assert.Equal(
            vector.GetProperty("links").EnumerateArray().Select(link => link.GetProperty("target").GetString() + string.Concat(
                link.GetProperty("attributes").EnumerateArray().Select(pair => $" {pair[0].GetString()}={pair[1].GetString() ?? "(none)"}"))),
            links.Select(link => link.Target + string.Concat(link.Attributes.Select(attribute => $" {attribute.Name}={attribute.Value ?? "(none)"}"))));
        Assert.Equal(vector.TryGetProperty("written", out JsonElement written) ? written.GetString() : text, Encoding.UTF8.GetString(CoapLinkFormat.Write(links)));
    }

    [Fact]
    public void Limits_AreKept()
    {
        Assert.Equal(CoapLinkFormatStatus.Ok, CoapLinkFormat.TryRead("<a>,<b>"u8, out _, 2));
        Assert.Equal(CoapLinkFormatStatus.TooManyLinks, CoapLinkFormat.TryRead("<a>,<b>,<c>"u8, out _, 2));
        byte[] many = Encoding.UTF8.GetBytes("<a>" + string.Concat(Enumerable.Repeat(";x", 64)));
        Assert.Equal(CoapLinkFormatStatus.Ok, CoapLinkFormat.TryRead(many, out _));
        Assert.Equal(CoapLinkFormatStatus.TooManyAttributes, CoapLinkFormat.TryRead([.. many, .. ";x"u8], out _));
        Assert.Equal(CoapLinkFormatStatus.NotUtf8, CoapLinkFormat.TryRead([(byte)'<', 0xff, (byte)'>'], out _));
    }

    [Fact]
    public void Statuses_AllOccur() => Assert.Empty(Enum.GetNames<CoapLinkFormatStatus>()
        .Except(["NotUtf8", "TooManyLinks", "TooManyAttributes"])
        .Except(All.Values.Select(vector => vector.GetProperty("result").GetString()!)));

    [Fact]
    public void AnyText_GivesAStatus_AndWhatIsAcceptedIsReadAgainTheSame()
    {
        Arbitrary<string> texts = Gen.Elements("<", ">", "/a", ";", "rt", "=", "\"", "\\", ",", "1", "x*", " ", "obs", "</a>", ";rt=\"a b\"", "\u00fc", "\n").ListOf().Select(string.Concat).ToArbitrary();
        PropertyRunner.Check(texts, (string text) =>
        {
            if (CoapLinkFormat.TryRead(Encoding.UTF8.GetBytes(text), out IReadOnlyList<CoapLink> links) == CoapLinkFormatStatus.Ok)
            {
                byte[] written = CoapLinkFormat.Write(links);
                Assert.Equal(CoapLinkFormatStatus.Ok, CoapLinkFormat.TryRead(written, out IReadOnlyList<CoapLink> again));
                Assert.Equal(links.Select(link => link.ToString()), again.Select(link => link.ToString()));
            }
        }, 5000);
    }

    [Fact]
    public void Link_Built_HasItsAttributes()
    {
        var link = new CoapLink("/sensors/temp")
        {
            ResourceTypes = ["temperature-c", "sensor"],
            Interfaces = ["core.s"],
            ContentFormats = [CoapContentFormat.TextPlain, CoapContentFormat.Cbor],
            MaximumSize = 2000,
            Title = "Temperature \"outside\"",
            IsObservable = true,
        };

        Assert.Equal(
            "</sensors/temp>;rt=\"temperature-c sensor\";if=\"core.s\";ct=\"0 60\";sz=2000;title=\"Temperature \\\"outside\\\"\";obs;ins=\"1st\"", link.With("ins", "1st").ToString());
        Assert.Equal(["temperature-c", "sensor"], link.ResourceTypes);
        Assert.Equal([CoapContentFormat.TextPlain, CoapContentFormat.Cbor], link.ContentFormats);
        Assert.Equal(2000u, link.MaximumSize);
        Assert.True(link.IsObservable);
        Assert.Null(link["nothing"]);
    }

    [Theory]
    [InlineData("rt=temperature-c", true)]
    [InlineData("rt=sensor", true)]
    [InlineData("rt=temp*", true)]
    [InlineData("rt=sens", false)]
    [InlineData("rt=temperature-c sensor", false)]
    [InlineData("rt=*", true)]
    [InlineData("if=core.s", true)]
    [InlineData("ct=60", true)]
    [InlineData("ct=6", false)]
    [InlineData("href=/sensors/temp", true)]
    [InlineData("href=/sensors*", true)]
    [InlineData("href=/sensors", false)]
    [InlineData("title=Out side", true)]
    [InlineData("title=Out", false)]
    [InlineData("obs", true)]
    [InlineData("obs=*", true)]
    [InlineData("obs=1", false)]
    [InlineData("sz", false)]
    [InlineData("sz=*", false)]
    [InlineData("RT=sensor", false)]
    public void Filter_FindsByWordsPrefixesAndPresence(string filter, bool expected)
    {
        var link = new CoapLink("/sensors/temp") { ResourceTypes = ["temperature-c", "sensor"], Interfaces = ["core.s"], ContentFormats = [CoapContentFormat.TextPlain, CoapContentFormat.Cbor], Title = "Out side", IsObservable = true };

        Assert.Equal(expected, link.Matches(filter));
    }

    [Fact]
    public void Misuse_IsTheCallersBug()
    {
        Assert.Throws<ArgumentException>(() => new CoapLink(""));
        Assert.Throws<ArgumentException>(() => new CoapLink("/a b"));
        Assert.Throws<ArgumentException>(() => new CoapLink("/a") { ResourceTypes = ["a b"] });
        Assert.Throws<ArgumentException>(() => new CoapLink("/a") { Title = "a\nb" });
        Assert.Throws<ArgumentException>(() => new CoapLink("/a").With("a=b"));
        Assert.Throws<ArgumentException>(() => new CoapLink("/a").With("a", "\r"));
    }
}
