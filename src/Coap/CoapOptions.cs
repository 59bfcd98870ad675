using System;

namespace Flint.Coap;

/// <summary>The options of a validated message, in the order of their numbers: <c>foreach (CoapOption option in message.Options)</c>.</summary>
public readonly ref struct CoapOptions
{
    internal CoapOptions(ReadOnlySpan<byte> validated) => Encoded = validated;

    /// <summary>The options as they stand in the message.</summary>
    internal ReadOnlySpan<byte> Encoded { get; }

    /// <summary>Whether there is no option.</summary>
    public bool IsEmpty => Encoded.IsEmpty;

    /// <summary>The first option numbered <paramref name="number"/>.</summary>
    /// <returns>False where there is none.</returns>
    public bool TryFind(CoapOptionNumber number, out CoapOption option)
    {
        foreach (CoapOption candidate in this)
        {
            if (candidate.Number >= number)
            {
                option = candidate.Number == number ? candidate : default;
                return candidate.Number == number;
            }
        }

        option = default;
        return false;
    }

    /// <summary>Goes through the options.</summary>
    public CoapOptionEnumerator GetEnumerator() => new(Encoded);
}
