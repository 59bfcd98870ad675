using System;
using System.Buffers.Binary;
using System.Numerics;

namespace Flint.Coap;

/// <summary>
/// Responses kept for duplicates, one after another in a ring of bytes. Positions count on for ever; a response lies in one piece.
/// Allocates only when it grows, up to a limit.
/// </summary>
/// <remarks>
/// <code>
/// +------------------+-------------+-----------+-------------------+-----------------+
/// | until (ticks, 8) | length (4)  | span (4)  | response (length) | padding to span |
/// +------------------+-------------+-----------+-------------------+-----------------+
/// </code>
/// Spans are multiples of 16. A length of -1 marks the end of the ring that was too short for the next response.
/// </remarks>
internal sealed class ResponseLog
{
    private readonly int _maxBytes;
    private byte[] _bytes = new byte[MinBytes];
    private long _first;
    private long _next;

    /// <param name="maxBytes">The limit; rounded down to a power of two.</param>
    public ResponseLog(int maxBytes) => _maxBytes = Math.Max(MinBytes, 1 << BitOperations.Log2((uint)maxBytes));

    /// <summary>Whether nothing is kept.</summary>
    public bool IsEmpty => _first == _next;

    /// <summary>Whether <paramref name="count"/> responses of <paramref name="length"/> bytes find room whatever their order.</summary>
    public bool HasRoom(long count, int length) => (count + 1) * Span(length) <= _maxBytes - (_next - _first);

    /// <summary>Keeps a response; the oldest ones give way.</summary>
    /// <returns>Its position.</returns>
    public long Add(ReadOnlySpan<byte> response, long until)
    {
        int span = Span(response.Length);
        while (_bytes.Length < _maxBytes && 2 * span > _bytes.Length - (_next - _first))
        {
            Grow();
        }

        int rest = _bytes.Length - Offset(_next);
        if (rest < span)
        {
            WriteHeader(rest, Skip, 0);
        }

        long position = _next;
        WriteHeader(span, response.Length, until);
        response.CopyTo(_bytes.AsSpan(Offset(position) + HeaderLength));
        return position;
    }

    /// <summary>The response at <paramref name="position"/>.</summary>
    /// <returns>False where it has given way.</returns>
    public bool TryGet(long position, out ReadOnlySpan<byte> response)
    {
        if (position < _first || position >= _next)
        {
            response = default;
            return false;
        }

        response = _bytes.AsSpan(Offset(position) + HeaderLength, LengthAt(position));
        return true;
    }

    /// <summary>Forgets the responses whose time is over.</summary>
    public void Purge(long now)
    {
        while (_first != _next && (LengthAt(_first) == Skip || BinaryPrimitives.ReadInt64LittleEndian(_bytes.AsSpan(Offset(_first))) <= now))
        {
            _first += SpanAt(_first);
        }
    }

    /// <summary>Adds the header of a response or of a skip, after the oldest have made room for all of it.</summary>
    private void WriteHeader(int span, int length, long until)
    {
        while (span > _bytes.Length - (_next - _first))
        {
            _first += SpanAt(_first);
        }

        Span<byte> header = _bytes.AsSpan(Offset(_next), HeaderLength);
        BinaryPrimitives.WriteInt64LittleEndian(header, until);
        BinaryPrimitives.WriteInt32LittleEndian(header[LengthOffset..], length);
        BinaryPrimitives.WriteInt32LittleEndian(header[SpanOffset..], span);
        _next += span;
    }

    private void Grow()
    {
        // An entry in one piece in a ring is in one piece in a ring twice the size: positions stay.
        var bytes = new byte[_bytes.Length * 2];
        for (long position = _first; position != _next; position += SpanAt(position))
        {
            _bytes.AsSpan(Offset(position), SpanAt(position)).CopyTo(bytes.AsSpan((int)(position & (bytes.Length - 1))));
        }

        _bytes = bytes;
    }

    private int Offset(long position) => (int)(position & (_bytes.Length - 1));

    private int LengthAt(long position) => BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(Offset(position) + LengthOffset));

    private int SpanAt(long position) => BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(Offset(position) + SpanOffset));

    private static int Span(int length) => (HeaderLength + length + HeaderLength - 1) & -HeaderLength;

    private const int LengthOffset = sizeof(long);
    private const int SpanOffset = LengthOffset + sizeof(int);
    private const int HeaderLength = SpanOffset + sizeof(int);
    private const int MinBytes = 4096;
    private const int Skip = -1;
}
