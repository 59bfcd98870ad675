namespace Flint.Coap.Tests.Rfc7252;

public sealed class Section12_RegistryTests
{
    [Theory]
    [InlineData(CoapCode.Empty, "0.00")]
    [InlineData(CoapCode.Get, "0.01")]
    [InlineData(CoapCode.Content, "2.05")]
    [InlineData(CoapCode.Continue, "2.31")]
    [InlineData(CoapCode.RequestEntityIncomplete, "4.08")]
    [InlineData(CoapCode.TooManyRequests, "4.29")]
    [InlineData(CoapCode.HopLimitReached, "5.08")]
    [InlineData(CoapCode.Csm, "7.01")]
    public void Code_Dotted_IsTheNotationOfTheRfc(CoapCode code, string dotted) => Assert.Equal(dotted, code.ToDotted());

    [Fact]
    public void Code_EveryValue_HasOneKind()
    {
        for (int value = 0; value < 256; value++)
        {
            var code = (CoapCode)value;
            int kinds = (code == CoapCode.Empty ? 1 : 0) + (code.IsRequest() ? 1 : 0) + (code.IsResponse() ? 1 : 0) + (code.IsSignalling() ? 1 : 0);

            Assert.Equal(code.Class() is 1 or 6 ? 0 : 1, kinds);
        }
    }

    /// <summary>RFC 7252 section 5.10, table 4: C, U, N and R as they are printed there.</summary>
    [Theory]
    [InlineData(CoapOptionNumber.IfMatch, true, false, false, true)]
    [InlineData(CoapOptionNumber.UriHost, true, true, false, false)]
    [InlineData(CoapOptionNumber.ETag, false, false, false, true)]
    [InlineData(CoapOptionNumber.IfNoneMatch, true, false, false, false)]
    [InlineData(CoapOptionNumber.UriPort, true, true, false, false)]
    [InlineData(CoapOptionNumber.LocationPath, false, false, false, true)]
    [InlineData(CoapOptionNumber.UriPath, true, true, false, true)]
    [InlineData(CoapOptionNumber.ContentFormat, false, false, false, false)]
    [InlineData(CoapOptionNumber.MaxAge, false, true, false, false)]
    [InlineData(CoapOptionNumber.UriQuery, true, true, false, true)]
    [InlineData(CoapOptionNumber.Accept, true, false, false, false)]
    [InlineData(CoapOptionNumber.LocationQuery, false, false, false, true)]
    [InlineData(CoapOptionNumber.ProxyUri, true, true, false, false)]
    [InlineData(CoapOptionNumber.ProxyScheme, true, true, false, false)]
    [InlineData(CoapOptionNumber.Size1, false, false, true, false)]
    [InlineData(CoapOptionNumber.Size2, false, false, true, false)]
    [InlineData(CoapOptionNumber.Observe, false, true, false, false)]
    [InlineData(CoapOptionNumber.Block1, true, true, false, false)]
    [InlineData(CoapOptionNumber.Block2, true, true, false, false)]
    [InlineData(CoapOptionNumber.Echo, false, false, true, false)]
    [InlineData(CoapOptionNumber.RequestTag, false, false, false, true)]
    public void Option_Number_SaysItsProperties(CoapOptionNumber number, bool critical, bool isUnsafe, bool noCacheKey, bool repeatable)
    {
        Assert.Equal(critical, number.IsCritical());
        Assert.Equal(isUnsafe, number.IsUnsafe());
        Assert.Equal(noCacheKey, number.IsNoCacheKey());
        Assert.Equal(repeatable, number.IsRepeatable());
    }

    /// <summary>The lengths of RFC 7252 table 4 and of the RFCs that added options.</summary>
    [Theory]
    [InlineData(CoapOptionNumber.IfMatch, 0, 8)]
    [InlineData(CoapOptionNumber.UriHost, 1, 255)]
    [InlineData(CoapOptionNumber.ETag, 1, 8)]
    [InlineData(CoapOptionNumber.IfNoneMatch, 0, 0)]
    [InlineData(CoapOptionNumber.Observe, 0, 3)]
    [InlineData(CoapOptionNumber.UriPort, 0, 2)]
    [InlineData(CoapOptionNumber.LocationPath, 0, 255)]
    [InlineData(CoapOptionNumber.UriPath, 0, 255)]
    [InlineData(CoapOptionNumber.ContentFormat, 0, 2)]
    [InlineData(CoapOptionNumber.MaxAge, 0, 4)]
    [InlineData(CoapOptionNumber.UriQuery, 0, 255)]
    [InlineData(CoapOptionNumber.HopLimit, 1, 1)]
    [InlineData(CoapOptionNumber.Accept, 0, 2)]
    [InlineData(CoapOptionNumber.LocationQuery, 0, 255)]
    [InlineData(CoapOptionNumber.Block1, 0, 3)]
    [InlineData(CoapOptionNumber.ProxyUri, 1, 1034)]
    [InlineData(CoapOptionNumber.ProxyScheme, 1, 255)]
    [InlineData(CoapOptionNumber.Size1, 0, 4)]
    [InlineData(CoapOptionNumber.Echo, 1, 40)]
    [InlineData(CoapOptionNumber.NoResponse, 0, 1)]
    [InlineData(CoapOptionNumber.RequestTag, 0, 8)]
    public void Option_Length_IsWithinItsDefinition(CoapOptionNumber number, int least, int most)
    {
        Assert.False(least > 0 && number.AllowsLength(least - 1));
        Assert.True(number.AllowsLength(least));
        Assert.True(number.AllowsLength(most));
        Assert.False(number.AllowsLength(most + 1));
    }

    /// <summary>The column "Format" of RFC 7252 table 4 and of the RFCs that added options.</summary>
    [Theory]
    [InlineData(CoapOptionKind.Empty, new[] { CoapOptionNumber.IfNoneMatch, CoapOptionNumber.Edhoc })]
    [InlineData(CoapOptionKind.Opaque, new[] { CoapOptionNumber.IfMatch, CoapOptionNumber.ETag, CoapOptionNumber.Oscore, CoapOptionNumber.Echo, CoapOptionNumber.RequestTag, CoapOptionNumber.Reserved })]
    [InlineData(CoapOptionKind.Text, new[]
    {
        CoapOptionNumber.UriHost, CoapOptionNumber.LocationPath, CoapOptionNumber.UriPath, CoapOptionNumber.UriQuery, CoapOptionNumber.LocationQuery,
        CoapOptionNumber.ProxyUri, CoapOptionNumber.ProxyScheme,
    })]
    [InlineData(CoapOptionKind.UInt, new[]
    {
        CoapOptionNumber.Observe, CoapOptionNumber.UriPort, CoapOptionNumber.ContentFormat, CoapOptionNumber.MaxAge, CoapOptionNumber.HopLimit, CoapOptionNumber.Accept,
        CoapOptionNumber.QBlock1, CoapOptionNumber.QBlock2, CoapOptionNumber.Block1, CoapOptionNumber.Block2, CoapOptionNumber.Size1, CoapOptionNumber.Size2, CoapOptionNumber.NoResponse,
        CoapOptionNumber.OcfAcceptContentFormatVersion, CoapOptionNumber.OcfContentFormatVersion,
    })]
    public void Option_Kind_IsThatOfItsDefinition(CoapOptionKind kind, CoapOptionNumber[] numbers) =>
        Assert.Equal(numbers.Order(), Enum.GetValues<CoapOptionNumber>().Where(number => number.Kind() == kind).Order());

    [Theory]
    [InlineData(CoapOptionNumber.QBlock1, true, true, false, false)]
    [InlineData(CoapOptionNumber.QBlock2, true, true, false, true)]
    [InlineData(CoapOptionNumber.HopLimit, false, false, false, false)]
    [InlineData(CoapOptionNumber.Oscore, true, false, false, false)]
    [InlineData(CoapOptionNumber.Edhoc, true, false, false, false)]
    [InlineData(CoapOptionNumber.NoResponse, false, true, false, false)]
    [InlineData(CoapOptionNumber.OcfAcceptContentFormatVersion, true, false, false, false)]
    [InlineData(CoapOptionNumber.OcfContentFormatVersion, true, false, false, false)]
    public void Option_OfALaterRfc_SaysItsProperties(CoapOptionNumber number, bool critical, bool isUnsafe, bool noCacheKey, bool repeatable) =>
        Option_Number_SaysItsProperties(number, critical, isUnsafe, noCacheKey, repeatable);

    /// <summary>The codes of RFC 7252 tables 5 and 6, RFC 7959, RFC 8132, RFC 8323, RFC 8516 and RFC 8768, by their notation.</summary>
    [Fact]
    public void Codes_AreThoseOfTheRegistry() => Assert.Equal(
        "0.00 0.01 0.02 0.03 0.04 0.05 0.06 0.07 2.01 2.02 2.03 2.04 2.05 2.31 4.00 4.01 4.02 4.03 4.04 4.05 4.06 4.08 4.09 4.12 4.13 4.15 4.22 4.29 5.00 5.01 5.02 5.03 5.04 5.05 5.08 "
        + "7.01 7.02 7.03 7.04 7.05",
        string.Join(' ', Enum.GetValues<CoapCode>().Select(code => code.ToDotted())));

    [Fact]
    public void ContentFormats_AreThoseOfTheRegistry() => Assert.Equal(
        [
            0, 16, 17, 18, 19, 21, 22, 23, 40, 41, 42, 47, 50, 51, 52, 60, 61, 62, 63, 64, 65, 96, 97, 98, 101, 102, 110, 111, 112, 113, 114, 115, 140, 256, 257, 258, 271, 272,
            280, 281, 284, 285, 286, 287, 290, 291, 310, 311, 320, 322, 340, 341, 432, 433, 10000, 10001, 10002, 11050, 11060, 11542, 11543, 11544, 20000, 30000,
        ],
        Enum.GetValues<CoapContentFormat>().Select(format => (int)format));
}
