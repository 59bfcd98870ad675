using System;
using System.Threading;

namespace Flint.SecureTunnel;

/// <summary>
/// The pins of a device in order of preference: normally two, the active and the next (section 4). Remembers which one the server
/// knew last; keep one instance over reconnects, and rotation needs no code of yours. Safe for concurrent use.
/// </summary>
public sealed class SecureTunnelPinSet
{
    /// <summary>The largest number of pins.</summary>
    public const int MaxCount = 4;

    private readonly SecureTunnelPin[] _pins;
    private int _current;

    /// <summary>Takes 1 to 4 pins of one usage.</summary>
    /// <exception cref="ArgumentException">Another number of pins, two usages, or a pin twice.</exception>
    public SecureTunnelPinSet(params ReadOnlySpan<SecureTunnelPin> pins)
    {
        if (pins.Length is < 1 or > MaxCount) // [ST-106]
        {
            throw new ArgumentException("A device holds 1 to 4 pins.", nameof(pins));
        }

        _pins = pins.ToArray();
        for (int i = 0; i < _pins.Length; i++)
        {
            ArgumentNullException.ThrowIfNull(_pins[i], nameof(pins));
            for (int j = 0; j < i; j++)
            {
                if (_pins[i].Usage != _pins[0].Usage || _pins[i].KeyHash.SequenceEqual(_pins[j].KeyHash)) // [ST-103]
                {
                    throw new ArgumentException("The pins of a device have one usage, and each stands once.", nameof(pins));
                }
            }
        }
    }

    /// <summary>The pin that the next connection uses.</summary>
    public SecureTunnelPin Current => _pins[Volatile.Read(ref _current)];

    /// <summary>The number of pins.</summary>
    public int Count => _pins.Length;

    /// <summary>True where one of the pins has this hash.</summary>
    internal bool Holds(ReadOnlySpan<byte> keyHash)
    {
        foreach (SecureTunnelPin pin in _pins)
        {
            if (pin.KeyHash.SequenceEqual(keyHash))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// The server does not know <paramref name="pin"/>: the next connection tries the pin after it. An unknown_key alert is not
    /// authenticated, and need not be: whoever forges one can only move the device among keys that it trusts.
    /// </summary>
    internal void OnUnknownKey(SecureTunnelPin pin) // [ST-310]
    {
        int index = Array.IndexOf(_pins, pin);
        Interlocked.CompareExchange(ref _current, (index + 1) % _pins.Length, index);
    }
}
