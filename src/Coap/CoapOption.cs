using System;
using System.Text;
using System.Text.Unicode;

namespace Flint.Coap;

/// <summary>One option of a message: its number, and its value as a view into the message's bytes (RFC 7252 section 3.1 and section 3.2).</summary>
public readonly ref struct CoapOption
{
    internal CoapOption(CoapOptionNumber number, ReadOnlySpan<byte> value)
    {
        Number = number;
        Value = value;
    }

    /// <summary>The option's number, the sum of the deltas so far.</summary>
    public CoapOptionNumber Number { get; }

    /// <summary>The value: 0 to 65804 bytes. Check <see cref="CoapOptionNumberExtensions.AllowsLength"/> before relying on a format.</summary>
    public ReadOnlySpan<byte> Value { get; }

    /// <summary>Reads the value as a uint: 0 to 4 bytes in network order, leading zeros allowed (RFC 7252 section 3.2).</summary>
    /// <returns>False where the value has more than four bytes.</returns>
    public bool TryGetUInt32(out uint value)
    {
        value = 0;
        if (Value.Length > sizeof(uint))
        {
            return false;
        }

        foreach (byte b in Value)
        {
            value = value << 8 | b;
        }

        return true;
    }

    /// <summary>The value as a string. Bytes that are no UTF-8 become U+FFFD; compare <see cref="Value"/> where that matters.</summary>
    public string GetString() => Encoding.UTF8.GetString(Value);

    /// <summary>Reads the value as a string (RFC 7252 section 3.2).</summary>
    /// <returns>False where the bytes are no UTF-8.</returns>
    public bool TryGetString(out string value)
    {
        value = Utf8.IsValid(Value) ? Encoding.UTF8.GetString(Value) : "";
        return value.Length > 0 || Value.IsEmpty;
    }
}
