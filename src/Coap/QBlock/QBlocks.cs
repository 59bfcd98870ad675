using System;

namespace Flint.Coap;

/// <summary>What Q-Block1 and Q-Block2 have in common (RFC 9177 section 4).</summary>
internal static class QBlocks
{
    /// <summary>How many blocks a body has.</summary>
    public static int CountOf(long length, int exponent) => (int)((length + (16 << exponent) - 1) >> (exponent + 4));

    /// <summary>Whether a body can be numbered in blocks of this size.</summary>
    public static bool CanNumber(long length, int exponent) => length > 0 && (length - 1) >> (exponent + 4) <= CoapBlock.MaxNumber;

    /// <summary>Whether a message mixes them with Block1 or Block2: 4.02 (section 4.1).</summary>
    public static bool AreMixed(CoapOptions options) =>
        (options.TryFind(CoapOptionNumber.QBlock1, out _) || options.TryFind(CoapOptionNumber.QBlock2, out _))
        && (options.TryFind(CoapOptionNumber.Block1, out _) || options.TryFind(CoapOptionNumber.Block2, out _));

    /// <summary>Reads the Q-Block2 options of a request: what it asks for.</summary>
    /// <param name="options">The options.</param>
    /// <param name="maxPayloads">MAX_PAYLOADS.</param>
    /// <param name="asked">The first of them.</param>
    /// <param name="numbers">At least MAX_PAYLOADS places: the blocks that are asked for one by one, or as the rest of a set.</param>
    /// <param name="count">How many; 0 where the whole body is asked for, or its next set.</param>
    /// <returns>False where they are malformed, of several sizes, not ascending (section 4.4), or more than MAX_PAYLOADS.</returns>
    public static bool TryReadAsked(CoapOptions options, int maxPayloads, out CoapBlock asked, Span<int> numbers, out int count)
    {
        asked = default;
        count = 0;
        int seen = 0;
        int last = -1;
        foreach (CoapOption option in options)
        {
            if (option.Number != CoapOptionNumber.QBlock2)
            {
                continue;
            }

            if (option.Value.Length > MaxLength || !option.TryGetUInt32(out uint value) || (value & 7) == CoapBlock.BertExponent)
            {
                return false;
            }

            var block = new CoapBlock((int)(value >> 4), (value & 8) != 0, (int)(value & 7));
            asked = seen++ == 0 ? block : asked;
            if (block.Number <= last || block.SizeExponent != asked.SizeExponent || seen > maxPayloads)
            {
                return false;
            }

            // M with the first block of a set asks for the whole body or for what follows; with another one, for the rest of its set.
            bool isWhole = block.More && block.Number % maxPayloads == 0;
            if (isWhole && seen > 1)
            {
                return false;
            }

            int end = !block.More ? block.Number + 1 : isWhole ? block.Number : ((block.Number / maxPayloads) + 1) * maxPayloads;
            for (int number = block.Number; number < end && count < maxPayloads; number++)
            {
                numbers[count++] = number;
            }

            last = Math.Max(block.Number, end - 1);
        }

        return seen != 0;
    }

    // Specification: RFC 9177 section 4.1.
    private const int MaxLength = 3;
}
