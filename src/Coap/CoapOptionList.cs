using System;
using System.Text;

namespace Flint.Coap;

/// <summary>
/// The options of a request or a response. They are kept as they stand on the wire, ordered by number (RFC 7252 section 3.1);
/// options of one number keep the order in which they were added.
/// </summary>
public sealed class CoapOptionList
{
    private byte[] _bytes;
    private int _offset;
    private int _length;
    private int _last;

    /// <summary>No options.</summary>
    public CoapOptionList() => _bytes = [];

    /// <summary>Options of a validated message, which lie in <paramref name="bytes"/> and are copied when one is added.</summary>
    internal CoapOptionList(byte[] bytes, int offset, int length)
    {
        _bytes = bytes;
        Reset(bytes, offset, length);
    }

    /// <summary>Options of another validated message, which lie in <paramref name="bytes"/> and are copied when one is added.</summary>
    internal void Reset(byte[] bytes, int offset, int length)
    {
        _bytes = bytes;
        _offset = offset;
        _length = length;
        _last = int.MaxValue;
    }

    /// <summary>A view for reading, valid until an option is added or removed.</summary>
    public CoapOptions View => new(_bytes.AsSpan(_offset, _length));

    /// <summary>Goes through the options.</summary>
    public CoapOptionEnumerator GetEnumerator() => View.GetEnumerator();

    /// <summary>The first option numbered <paramref name="number"/>; its value is valid until an option is added or removed.</summary>
    public bool TryFind(CoapOptionNumber number, out CoapOption option) => View.TryFind(number, out option);

    /// <summary>The first option numbered <paramref name="number"/>, as a uint.</summary>
    /// <returns>False where there is none, or where its length lies outside its definition (RFC 7252 section 5.4.3).</returns>
    public bool TryGetUInt32(CoapOptionNumber number, out uint value)
    {
        value = 0;
        return TryFind(number, out CoapOption option) && number.AllowsLength(option.Value.Length) && option.TryGetUInt32(out value);
    }

    /// <summary>The first option numbered <paramref name="number"/>, as a string.</summary>
    /// <returns>False where there is none, where its length lies outside its definition (RFC 7252 section 5.4.3), or where it is no UTF-8.</returns>
    public bool TryGetString(CoapOptionNumber number, out string value)
    {
        value = "";
        return TryFind(number, out CoapOption option) && number.AllowsLength(option.Value.Length) && option.TryGetString(out value);
    }

    /// <summary>Whether there is an option numbered <paramref name="number"/>.</summary>
    public bool Contains(CoapOptionNumber number) => TryFind(number, out _);

    /// <summary>Makes an option a uint, whatever it was before; null removes it.</summary>
    public void Set(CoapOptionNumber number, uint? value)
    {
        Remove(number);
        if (value is uint some)
        {
            Add(number, some);
        }
    }

    /// <summary>Adds an option without a value.</summary>
    public void Add(CoapOptionNumber number) => Add(number, ReadOnlySpan<byte>.Empty);

    /// <summary>Adds an option with an opaque value of at most 65804 bytes.</summary>
    public void Add(CoapOptionNumber number, ReadOnlySpan<byte> value)
    {
        if ((int)number < _last)
        {
            Insert(number, value);
            return;
        }

        Reserve(MaxHeaderLength + value.Length);
        var writer = new CoapMessageWriter(_bytes.AsSpan(_offset + _length), (CoapOptionNumber)_last);
        writer.WriteOption(number, value);
        writer.TryComplete(out int written);
        _length += written;
        _last = (int)number;
    }

    /// <summary>Adds an option that is a uint, in the fewest bytes.</summary>
    public void Add(CoapOptionNumber number, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        int start = bytes.Length;
        for (; value != 0; value >>= 8)
        {
            bytes[--start] = unchecked((byte)value);
        }

        Add(number, bytes[start..]);
    }

    /// <summary>Adds an option that is a string, as UTF-8.</summary>
    public void Add(CoapOptionNumber number, string value) => Add(number, Encoding.UTF8.GetBytes(value));

    /// <summary>Removes every option numbered <paramref name="number"/>.</summary>
    public void Remove(CoapOptionNumber number)
    {
        if (!Contains(number))
        {
            return;
        }

        var rest = new CoapOptionList();
        foreach (CoapOption option in this)
        {
            if (option.Number != number)
            {
                rest.Add(option.Number, option.Value);
            }
        }

        Take(rest);
    }

    /// <summary>The same options, kept where they are until one of the lists changes.</summary>
    internal CoapOptionList Copy() => new(_bytes, _offset, _length);

    private void Insert(CoapOptionNumber number, ReadOnlySpan<byte> value)
    {
        var all = new CoapOptionList();
        all.Reserve(_length + MaxHeaderLength + value.Length);
        bool inserted = false;
        foreach (CoapOption option in this)
        {
            if (!inserted && option.Number > number)
            {
                all.Add(number, value);
                inserted = true;
            }

            all.Add(option.Number, option.Value);
        }

        if (!inserted)
        {
            all.Add(number, value);
        }

        Take(all);
    }

    private void Take(CoapOptionList other)
    {
        _bytes = other._bytes;
        _offset = 0;
        _length = other._length;
        _last = other._last;
    }

    /// <summary>Makes room behind the options; afterwards they begin at the start of an array of their own.</summary>
    private void Reserve(int more)
    {
        if (_bytes.Length - _offset - _length < more)
        {
            var larger = new byte[Math.Max(MinCapacity, Math.Max(2 * _length, _length + more))];
            _bytes.AsSpan(_offset, _length).CopyTo(larger);
            _bytes = larger;
            _offset = 0;
        }
    }

    private const int MaxHeaderLength = 5;
    private const int MinCapacity = 64;
}
