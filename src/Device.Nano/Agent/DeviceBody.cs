using System;

namespace Flint.Device.Nano;

/// <summary>A body that comes in blocks (RFC 7959), put together in memory: a request's by Block1, a response's by Block2. One at a time.</summary>
internal sealed class DeviceBody
{
    private uint _key;
    private long _lastAdded;

    /// <summary>The bytes; null: no body is under way, or it came whole in the one block.</summary>
    public byte[]? Bytes;

    /// <summary>How many of them have come.</summary>
    public int Length;

    /// <summary>Takes a block. The first one replaces the same body, or one of which nothing came for 30 s; one that does not follow leaves everything as it was.</summary>
    /// <param name="block">The option's value: NUM, M and SZX.</param>
    /// <param name="key">What the blocks of one body have in common.</param>
    /// <param name="buffer">Holds the payload.</param>
    /// <param name="offset">Where the payload starts.</param>
    /// <param name="count">The payload's length in bytes.</param>
    /// <param name="limit">How long a body may be, in bytes.</param>
    /// <param name="now">Milliseconds.</param>
    /// <returns>2.31 where more is to come, 0.00 where the body is whole, or why the block is refused: 4.00, 4.08, 4.13, or 5.03 where another body is coming or there is no memory.</returns>
    public byte Add(uint block, uint key, byte[] buffer, int offset, int count, int limit, long now)
    {
        bool isLast = (block & More) == 0;
        bool isBert = (block & 7) == 7;
        int size = 16 << Exponent(block);
        int at = (int)(block >> 4) * size;
        if ((count > size && !isBert) || (!isLast && (count == 0 || count % size != 0)))
        {
            return CoapCode.BadRequest;
        }

        if (at == 0)
        {
            if (Bytes != null && key != _key && now - _lastAdded < IdleTime)
            {
                return CoapCode.ServiceUnavailable;
            }

            Bytes = null;
            Length = 0;
            _key = key;
            if (isLast)
            {
                return CoapCode.Empty;
            }
        }
        else if (Bytes == null || key != _key || at != Length)
        {
            return CoapCode.RequestEntityIncomplete;
        }

        if (count > limit - at)
        {
            Bytes = null;
            return CoapCode.RequestEntityTooLarge;
        }

        Bytes ??= TryMake(limit);
        if (Bytes == null)
        {
            return CoapCode.ServiceUnavailable;
        }

        Array.Copy(buffer, offset, Bytes, at, count);
        Length = at + count;
        _lastAdded = now;
        return isLast ? CoapCode.Empty : CoapCode.Continue;
    }

    /// <summary>Memory for a body, or null where there is none: it is the longest piece that the agent ever asks for.</summary>
    public static byte[]? TryMake(int count)
    {
        try
        {
            return new byte[count];
        }
        catch (OutOfMemoryException)
        {
            return null;
        }
    }

    /// <summary>Text as a body in UTF-8, or null where it is no text, longer than the limit, or memory is short.</summary>
    public static byte[]? Encode(string text, int limit)
    {
        // What is no text counts less than 0, which is more than anything.
        int count = Utf8Text.Count(text);
        byte[]? bytes = (uint)count > (uint)limit ? null : TryMake(count);
        if (bytes != null)
        {
            Utf8Text.Write(text, bytes, 0);
        }

        return bytes;
    }

    /// <summary>The exponent of a block's size, 16 bytes shifted by it; a BERT block counts in 1024 bytes (RFC 8323 section 6).</summary>
    public static int Exponent(uint block) => (block & 7) > LargestExponent ? LargestExponent : (int)(block & 7);

    // Specification: RFC 7959 section 2.2.
    public const int LargestExponent = 6;
    public const int More = 8;

    // Implementation
    private const int IdleTime = 30000;
}
