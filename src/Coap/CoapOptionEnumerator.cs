using System;

namespace Flint.Coap;

/// <summary>Goes through the options of a validated message; made by <c>foreach</c> over <see cref="CoapOptions"/>.</summary>
public ref struct CoapOptionEnumerator
{
    private ReadOnlySpan<byte> _rest;
    private ReadOnlySpan<byte> _value;
    private int _number;

    internal CoapOptionEnumerator(ReadOnlySpan<byte> validated) => _rest = validated;

    /// <summary>The option that the last <see cref="MoveNext"/> found.</summary>
    public readonly CoapOption Current => new(unchecked((CoapOptionNumber)_number), _value);

    /// <summary>Goes on to the next option.</summary>
    /// <returns>False at the end.</returns>
    public bool MoveNext()
    {
        ReadOnlySpan<byte> rest = _rest;
        if (rest.IsEmpty)
        {
            return false;
        }

        int head = rest[0];
        int delta = head >> 4;
        int length = head & 15;
        int position = 1;
        if (delta > CoapOptionFormat.MaxPlain || length > CoapOptionFormat.MaxPlain)
        {
            position = CoapOptionFormat.ReadHeader(rest, out delta, out length);
        }

        // unchecked: validation has shown that the number fits 16 bits and the value lies in the message.
        _number = unchecked(_number + delta);
        _value = rest.Slice(position, length);
        _rest = rest[unchecked(position + length)..];
        return true;
    }
}
