using System;
using System.Runtime.CompilerServices;

namespace Flint.Coap;

/// <summary>Goes through the options of a validated message; made by <c>foreach</c> over <see cref="CoapOptions"/>.</summary>
public ref struct CoapOptionEnumerator
{
    private readonly ReadOnlySpan<byte> _options;
    private int _position;
    private int _number;
    private int _valueOffset;

    internal CoapOptionEnumerator(ReadOnlySpan<byte> validated) => _options = validated;

    /// <summary>The option that the last <see cref="MoveNext"/> found.</summary>
    public readonly CoapOption Current => new(unchecked((CoapOptionNumber)_number), _options[_valueOffset.._position]);

    /// <summary>Goes on to the next option.</summary>
    /// <returns>False at the end.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool MoveNext()
    {
        // unchecked: validation has shown that the number fits 16 bits and the value lies in the message.
        unchecked
        {
            int position = _position;
            if ((uint)position >= (uint)_options.Length)
            {
                return false;
            }

            int head = _options[position++];
            _number += CoapOptionFormat.ReadExtension(_options, head >> 4, ref position);
            int length = CoapOptionFormat.ReadExtension(_options, head & 15, ref position);
            _valueOffset = position;
            _position = position + length;
            return true;
        }
    }
}
