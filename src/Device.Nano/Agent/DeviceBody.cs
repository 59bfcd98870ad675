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
        bool isLast = (block & 8) == 0;
        bool isBert = (block & 7) == 7;
        int size = Size(block);
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

    /// <summary>The size of a block in bytes; a BERT block counts in 1024 bytes (RFC 8323 section 6).</summary>
    public static int Size(uint block) => (block & 7) == 7 ? 1024 : 16 << (int)(block & 7);

    // Implementation
    private const int IdleTime = 30000;
}
