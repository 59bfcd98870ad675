using System;

namespace Flint.Coap;

/// <summary>
/// The server's side of a response whose body goes in blocks (RFC 7959 section 2.4): which bytes of the body answer a request. It keeps nothing between the requests; the caller reads any
/// part of the body when asked, and gives each representation an ETag of its own, so that no client puts parts of two together.
/// </summary>
public readonly record struct CoapServedBlock
{
    private readonly CoapBlock _first;
    private readonly bool _isAsked;

    private CoapServedBlock(CoapBlock first, bool isAsked, int maxCount)
    {
        _first = first;
        _isAsked = isAsked;
        MaxCount = maxCount;
    }

    /// <summary>Where the bytes begin in the body.</summary>
    public long Offset => _first.Offset;

    /// <summary>How many bytes the response takes at most; it takes all of them unless the body ends before.</summary>
    public int MaxCount { get; }

    /// <summary>Reads what a request asks for.</summary>
    /// <param name="request">The options of the request.</param>
    /// <param name="sizes">How large blocks may be: a smaller size that the request asks for is kept to, a larger one is not.</param>
    /// <param name="served">Which bytes answer it.</param>
    /// <returns>False where its Block2 option is malformed: 4.00.</returns>
    public static bool TryRead(CoapOptions request, CoapBlockSizes sizes, out CoapServedBlock served)
    {
        ArgumentNullException.ThrowIfNull(sizes);
        served = default;
        CoapBlockStatus status = CoapBlock.TryFind(request, CoapOptionNumber.Block2, sizes.IsBert, out CoapBlock asked);
        if (status == CoapBlockStatus.Malformed)
        {
            return false;
        }

        bool isAsked = status == CoapBlockStatus.Present;
        int exponent = isAsked ? Math.Min(asked.SizeExponent, sizes.SizeExponent) : sizes.SizeExponent;
        int size = 16 << Math.Min(exponent, CoapBlock.MaxDatagramExponent);
        long number = isAsked ? asked.Offset / size : 0;
        if (number > CoapBlock.MaxNumber)
        {
            return false;
        }

        served = new CoapServedBlock(new CoapBlock((int)number, false, exponent), isAsked, sizes.PayloadFor(exponent));
        return true;
    }

    /// <summary>The Block2 option of the response.</summary>
    /// <param name="count">How many bytes it takes.</param>
    /// <param name="isLast">Whether the body ends there.</param>
    /// <param name="block">The option; null where the body goes whole and no block was asked for.</param>
    /// <returns>False where the body has no such block: it ends before <see cref="Offset"/>. 4.00.</returns>
    public bool TryAnswer(int count, bool isLast, out CoapBlock? block)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxCount);
        block = _first.Number == 0 && isLast && !_isAsked ? null : _first with { More = !isLast };
        return count > 0 || _first.Number == 0;
    }
}
