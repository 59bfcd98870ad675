using System;
using System.Collections.Generic;
using System.Globalization;

namespace Flint.Coap;

/// <summary>Critical options that nobody understands (RFC 7252 section 5.4.1, section 5.4.3 and section 5.4.5).</summary>
internal static class CoapCriticalOptions
{
    /// <summary>The response to a request whose critical options are not all understood, or whose Hop-Limit is 0 (RFC 8768 section 3); null otherwise.</summary>
    public static CoapResponse? Refuse(CoapOptions options, ReadOnlySpan<CoapOptionNumber> known, IReadOnlySet<CoapOptionNumber> also)
    {
        if (!TryFindUnrecognized(options, known, also, out CoapOptionNumber number))
        {
            return CoapHopLimit.Refuse(options);
        }

        // RFC 7252 section 5.10.2: an endpoint that is no proxy answers 5.05.
        return number is CoapOptionNumber.ProxyUri or CoapOptionNumber.ProxyScheme
            ? CoapResponse.Error(CoapCode.ProxyingNotSupported)
            : CoapResponse.Error(CoapCode.BadOption, string.Create(CultureInfo.InvariantCulture, $"option {(int)number}"));
    }

    /// <summary>A critical option that is unknown, longer or shorter than its definition allows, or there too often.</summary>
    public static bool TryFindUnrecognized(
        CoapOptions options, ReadOnlySpan<CoapOptionNumber> known, IReadOnlySet<CoapOptionNumber> also, out CoapOptionNumber number)
    {
        CoapOptionNumber previous = CoapOptionNumber.Reserved;
        foreach (CoapOption option in options)
        {
            number = option.Number;
            if (number.IsCritical()
                && ((!known.Contains(number) && !also.Contains(number))
                    || !number.AllowsLength(option.Value.Length)
                    || (number == previous && Enum.IsDefined(number) && !number.IsRepeatable())))
            {
                return true;
            }

            previous = number;
        }

        number = default;
        return false;
    }

    /// <summary>Critical options that the library reads in each request.</summary>
    public static readonly CoapOptionNumber[] InRequests =
    [
        CoapOptionNumber.UriHost, CoapOptionNumber.UriPort, CoapOptionNumber.UriPath, CoapOptionNumber.UriQuery, CoapOptionNumber.Accept,
        CoapOptionNumber.Block1, CoapOptionNumber.Block2,
    ];

    /// <summary>The same where it also takes them in bursts, which is for datagrams (RFC 9177).</summary>
    public static readonly CoapOptionNumber[] InDatagramRequests = [.. InRequests, CoapOptionNumber.QBlock1, CoapOptionNumber.QBlock2];

    /// <summary>Critical options that the library reads in each response on a stream.</summary>
    public static readonly CoapOptionNumber[] InResponses = [CoapOptionNumber.Block1, CoapOptionNumber.Block2];
}
