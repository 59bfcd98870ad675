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
}
