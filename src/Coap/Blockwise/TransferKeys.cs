using System;

namespace Flint.Coap;

/// <summary>
/// What the messages of one body have in common, hashed with a secret: method and options, but for those that tell the parts apart and those that are no part of the cache key (RFC 9175 section 3.3).
/// </summary>
internal static class TransferKeys
{
    /// <summary>If-Match and If-None-Match belong to the body: each of its blocks has them, or only the first, so that they do not tell its blocks from those of another (docs/decisions/0133).</summary>
    public static ulong OfUpload(EntropySource entropy, CoapCode code, CoapOptions options) => Of(entropy, code, options, withPreconditions: false);

    /// <summary>What a response is to. Whoever asks for more of what a method has answered that acts may leave the preconditions out: they were met before it acted.</summary>
    /// <param name="entropy">The secret.</param>
    /// <param name="code">The method.</param>
    /// <param name="options">The request's options.</param>
    /// <param name="payload">What a FETCH asks for with its payload (RFC 8132 section 2); empty for any other method.</param>
    public static ulong OfResponse(EntropySource entropy, CoapCode code, CoapOptions options, ReadOnlySpan<byte> payload)
    {
        ulong key = Of(entropy, code, options, withPreconditions: code.IsSafe());
        return payload.IsEmpty ? key : entropy.Hash64(key, payload);
    }

    /// <summary>The preconditions of a message; 0 where it has none.</summary>
    public static ulong OfPreconditions(EntropySource entropy, CoapOptions options)
    {
        ulong key = 0;
        foreach (CoapOption option in options)
        {
            if (IsPrecondition(option.Number))
            {
                key = entropy.Hash64(key ^ (ulong)option.Number << 32, option.Value) | 1;
            }
        }

        return key;
    }

    /// <summary>Whether an option says when a request is to be performed at all (RFC 7252 section 5.10.8).</summary>
    public static bool IsPrecondition(CoapOptionNumber number) => number is CoapOptionNumber.IfMatch or CoapOptionNumber.IfNoneMatch;

    private static ulong Of(EntropySource entropy, CoapCode code, CoapOptions options, bool withPreconditions)
    {
        ulong key = (ulong)code;
        foreach (CoapOption option in options)
        {
            if (!IsOfOnePart(option.Number) && !option.Number.IsNoCacheKey() && (withPreconditions || !IsPrecondition(option.Number)))
            {
                key = entropy.Hash64(key ^ (ulong)option.Number << 32, option.Value);
            }
        }

        return key;
    }

    private static bool IsOfOnePart(CoapOptionNumber number) => number
        is CoapOptionNumber.Block1 or CoapOptionNumber.Block2 or CoapOptionNumber.QBlock1 or CoapOptionNumber.QBlock2 or CoapOptionNumber.Observe;
}
