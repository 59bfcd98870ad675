using System;

namespace Flint.Coap;

/// <summary>How large the blocks of a transfer may be.</summary>
public sealed class CoapBlockSizes
{
    /// <summary>For datagrams: blocks of 1024 bytes at most (RFC 7959 section 2.2).</summary>
    public static CoapBlockSizes Datagram { get; } = new();

    /// <summary>The largest size exponent, 0 to 6, or 7 for BERT on streams.</summary>
    public int SizeExponent { get; init; } = CoapBlock.MaxDatagramExponent;

    /// <summary>The most bytes of payload that a message holds: with BERT a multiple of 1024 of them is used.</summary>
    public int MaxPayload { get; init; } = 1024;

    /// <summary>How large a body may become, in bytes.</summary>
    public long MaxBody { get; init; } = 16L << 20;

    /// <summary>How often a transfer begins anew before it fails: because the representation changed, or the server forgot.</summary>
    public int MaxRestarts { get; init; } = 3;

    /// <summary>Checks every value against its range; the machines call it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value lies outside.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(SizeExponent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(SizeExponent, CoapBlock.BertExponent);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPayload, 16 << Math.Min(SizeExponent, CoapBlock.MaxDatagramExponent));
        ArgumentOutOfRangeException.ThrowIfNegative(MaxBody);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxRestarts);
    }

    /// <summary>The same for a body that is not kept in memory.</summary>
    internal CoapBlockSizes Unlimited() => new() { SizeExponent = SizeExponent, MaxPayload = MaxPayload, MaxBody = long.MaxValue, MaxRestarts = MaxRestarts };

    /// <summary>The same with blocks no larger than a request asks for with its Block2 option, if it has one (RFC 7959 section 2.4).</summary>
    internal CoapBlockSizes AskedFor(CoapOptions request) =>
        CoapBlock.TryFind(request, CoapOptionNumber.Block2, IsBert, out CoapBlock asked) == CoapBlockStatus.Present && asked.SizeExponent < SizeExponent
            ? new() { SizeExponent = asked.SizeExponent, MaxPayload = MaxPayload, MaxBody = MaxBody, MaxRestarts = MaxRestarts }
            : this;

    internal bool IsBert => SizeExponent == CoapBlock.BertExponent;

    /// <summary>The most bytes that one message carries with this exponent.</summary>
    internal int PayloadFor(int exponent) => exponent == CoapBlock.BertExponent ? MaxPayload / BertUnit * BertUnit : 16 << exponent;

    private const int BertUnit = 1024;
}
