using System;
using System.Diagnostics.CodeAnalysis;

namespace Flint.Coap;

// The content options of a response (RFC 7252 section 5.10), and the responses that have them.
public sealed partial class CoapResponse
{
    /// <summary>The representation's entity-tag; null where it has none (RFC 7252 section 5.10.6.1).</summary>
    public CoapETag? ETag
    {
        get => Options.TryFind(CoapOptionNumber.ETag, out CoapOption option) && CoapOptionNumber.ETag.AllowsLength(option.Value.Length) ? new CoapETag(option.Value) : null;
        set
        {
            Options.Remove(CoapOptionNumber.ETag);
            if (value is CoapETag tag)
            {
                Options.Add(CoapOptionNumber.ETag, tag.ToArray());
            }
        }
    }

    /// <summary>How long the response is fresh, in whole seconds; 60 s where it does not say (RFC 7252 section 5.10.5).</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is set to less than 0 or to more than 2^32 - 1 seconds.</exception>
    public TimeSpan MaxAge
    {
        get => TimeSpan.FromSeconds(GetUInt32(CoapOptionNumber.MaxAge) ?? DefaultMaxAge);
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromSeconds(uint.MaxValue));
            Options.Set(CoapOptionNumber.MaxAge, (uint)(value.Ticks / TimeSpan.TicksPerSecond));
        }
    }

    /// <summary>
    /// Where the resource is that was made, as path and query, percent-encoded, on the server that answered; null where the response does not say, or says what is none: a segment "." or "..", or one
    /// of more than 255 bytes (RFC 7252 section 5.10.7).
    /// </summary>
    /// <exception cref="ArgumentException">It is set to a path with a segment of more than 255 bytes.</exception>
    /// <exception cref="FormatException">It is set to what is no path and query.</exception>
    public string? Location
    {
        get => HasLocation() ? CoapPath.ComposeWithQuery(Options.View, CoapOptionNumber.LocationPath, CoapOptionNumber.LocationQuery) : null;
        set
        {
            Options.Remove(CoapOptionNumber.LocationPath);
            Options.Remove(CoapOptionNumber.LocationQuery);
            if (value is not null)
            {
                CoapPath.AddTo(Options, value, CoapOptionNumber.LocationPath, CoapOptionNumber.LocationQuery);
            }
        }
    }

    /// <summary>2.01.</summary>
    /// <param name="location">Where the resource is, where that is not the path of the request: see <see cref="Location"/>.</param>
    public static CoapResponse Created(string? location = null) => new(CoapCode.Created) { Location = location };

    /// <summary>2.02.</summary>
    public static CoapResponse Deleted() => new(CoapCode.Deleted);

    /// <summary>2.03: the client's stored response with this entity-tag is fresh again (RFC 7252 section 5.9.1.3).</summary>
    public static CoapResponse Valid(CoapETag tag) => new(CoapCode.Valid) { ETag = tag };

    /// <summary>An error with problem details, for programs (RFC 9290).</summary>
    /// <exception cref="ArgumentException"><paramref name="code"/> is neither 4.xx nor 5.xx, or the details name another one.</exception>
    /// <exception cref="InvalidOperationException">The details cannot be written.</exception>
    public static CoapResponse Problem(CoapCode code, CoapProblemDetails details)
    {
        ArgumentNullException.ThrowIfNull(details);
        if (details.ResponseCode is CoapCode other && other != code)
        {
            throw new ArgumentException($"The details of a {code.ToDotted()} name {other.ToDotted()} (RFC 9290 section 2).", nameof(details));
        }

        CoapResponse response = Error(code);
        response.ContentFormat = CoapContentFormat.ConciseProblemDetails;
        response.Payload = details.ToArray();
        return response;
    }

    /// <summary>An error with the problem details title and detail (RFC 9290).</summary>
    /// <exception cref="ArgumentException"><paramref name="code"/> is neither 4.xx nor 5.xx.</exception>
    public static CoapResponse Problem(CoapCode code, string title, string? detail = null) =>
        Problem(code, new CoapProblemDetails { Title = title, Detail = detail is null ? (CoapProblemText?)null : new CoapProblemText(detail) });

    /// <summary>Reads the problem details of an error (RFC 9290).</summary>
    /// <returns>False where the payload is something else, or malformed.</returns>
    public bool TryGetProblem([NotNullWhen(true)] out CoapProblemDetails? details)
    {
        details = null;
        return ContentFormat == CoapContentFormat.ConciseProblemDetails && CoapProblemDetails.TryRead(Payload.Span, out details) == CoapProblemStatus.Ok;
    }

    /// <summary>This response with an entity-tag. The handler that gave it may give it again, and to others at the same time.</summary>
    internal CoapResponse WithETag(CoapETag tag)
    {
        var copy = (CoapResponse)Copy();
        copy.ETag = tag;
        return copy;
    }

    private bool HasLocation()
    {
        bool found = false;
        foreach (CoapOption option in Options)
        {
            if (option.Number is CoapOptionNumber.LocationPath or CoapOptionNumber.LocationQuery)
            {
                if (!option.Number.AllowsLength(option.Value.Length) || (option.Number == CoapOptionNumber.LocationPath && CoapPath.IsDots(option.Value)))
                {
                    return false;
                }

                found = true;
            }
        }

        return found;
    }

    // Specification: RFC 7252 section 5.10.5.
    private const uint DefaultMaxAge = 60;
}
