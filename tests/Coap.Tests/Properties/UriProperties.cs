using System.Net;
using System.Text;
using Flint.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Flint.Coap.Tests.Properties;

public sealed class UriProperties
{
    private static readonly IPEndPoint Destination = new(IPAddress.Parse("192.0.2.1"), 5683);

    [Fact]
    public void Options_ComposedAndDecomposed_AreTheSame() => PropertyRunner.Check(AnyOptions, (string[] parts) =>
    {
        CoapOptionList options = Build(parts);
        CoapUriStatus status = CoapUri.TryCompose(CoapScheme.CoapTcp, options.View, Destination, out CoapUri? uri);
        if (status == CoapUriStatus.Ok)
        {
            Assert.Equal(CoapUriStatus.Ok, CoapUri.TryParse(uri!.ToString(), out CoapUri? parsed));
            Assert.Equal(uri, parsed);
            var again = new CoapOptionList();
            parsed!.AddTo(again, Destination);
            Assert.Equal(Canonical(parts), Messages.Describe(again.View));
        }
    });

    [Fact]
    public void Text_Parsed_HasANormalFormThatIsItsOwn() => PropertyRunner.Check(AnyText, (string text) =>
    {
        if (CoapUri.TryParse(text, out CoapUri? uri) == CoapUriStatus.Ok)
        {
            CoapUri again = CoapUri.Parse(uri!.ToString());
            Assert.Equal(uri, again);
            Assert.Equal(uri.ToString(), again.ToString());
            Assert.Equal(uri.Host, again.Host);
            Assert.Equal(uri.PathAndQuery, again.PathAndQuery);
        }
    }, 5000);

    [Fact]
    public void Text_AnyAtAll_GivesAStatus() => PropertyRunner.Check(
        Gen.Choose(0, 0xffff).Select(c => (char)c).ArrayOf().Select(chars => "coap://" + new string(chars)).ToArbitrary(),
        (string text) => Enum.IsDefined(CoapUri.TryParse(text, out _)));

    /// <summary>Each option as "number:hexadecimal".</summary>
    private static Arbitrary<string[]> AnyOptions =>
        (from hosts in Gen.Elements("", "3:" + Hex("example.net"), "3:" + Hex("\u00fc"), "3:" + Hex("10.0.0.1"), "3:" + Hex("[2001:db8::1]"))
         from ports in Gen.Elements("", "7:01", "7:FFFF")
         from paths in Part.ListOf()
         from queries in Part.ListOf()
         select (string[])[.. new[] { hosts, ports }.Where(one => one.Length > 0), .. paths.Select(one => "11:" + one), .. queries.Select(one => "15:" + one)]).ToArbitrary();

    private static Gen<string> Part => Gen.OneOf(
        Gen.Elements("", "2E", "2E2E", "2F", "25", "26", "3F", "FF", "C3BC", "61"),
        Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf().Select(Convert.ToHexString));

    private static Arbitrary<string> AnyText =>
        (from pieces in Gen.Elements(
             "a", "B", "/", "//", "?", "&", "=", ":", ":5683", ":1", ".", "..", "/./", "/../", "%2e", "%2E%2e", "%41", "%C3%BC", "%2F", "%", "@", "[", "]", "[::1]", "1.2.3.4", "\u00fc", "~", "%7e", " ", "#").ListOf()
         from scheme in Gen.Elements("coap://", "coaps://", "COAP+TCP://", "coaps+tcp://h", "coap://h/")
         select scheme + string.Concat(pieces)).ToArbitrary();

    private static string Hex(string text) => Convert.ToHexString(Encoding.UTF8.GetBytes(text));

    private static CoapOptionList Build(string[] parts)
    {
        var options = new CoapOptionList();
        foreach (string part in parts)
        {
            string[] halves = part.Split(':');
            options.Add((CoapOptionNumber)int.Parse(halves[0]), Convert.FromHexString(halves[1]));
        }

        return options;
    }

    /// <summary>What a URI keeps: a lone empty segment and none are the same path.</summary>
    private static string[] Canonical(string[] parts) =>
        [.. parts.Where(one => one != "11:" || parts.Count(other => other.StartsWith("11:", StringComparison.Ordinal)) > 1).Select(one => one.Replace(":", ": ", StringComparison.Ordinal))];
}
