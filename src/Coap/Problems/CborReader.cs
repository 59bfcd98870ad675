using System;
using System.Buffers;
using System.Text.Unicode;

namespace Flint.Coap;

/// <summary>As much of a CBOR decoder as problem details need: heads, text, skipping; bounded in depth, without recursion over what it does not know the end of.</summary>
/// <remarks>
/// RFC 8949 section 3: the first byte has the major type in three bits and in five the argument, or how it follows.
/// <code>
/// 0-23 the argument itself | 24, 25, 26, 27: it follows in 1, 2, 4, 8 bytes | 28-30 reserved | 31 indefinite length, or the break that ends it
/// </code>
/// </remarks>
internal ref struct CborReader
{
    private readonly ReadOnlySpan<byte> _data;

    public CborReader(ReadOnlySpan<byte> data) => _data = data;

    /// <summary>How many bytes were read.</summary>
    public int Position { get; private set; }

    /// <summary>Whether everything was read.</summary>
    public readonly bool IsAtEnd => Position == _data.Length;

    /// <summary>The major type of the next item; -1 at the end.</summary>
    public readonly int NextMajor => IsAtEnd ? -1 : _data[Position] >> 5;

    /// <summary>Reads the head of an item.</summary>
    public CoapProblemStatus TryReadHead(out CborHead head)
    {
        head = default;
        if (IsAtEnd)
        {
            return CoapProblemStatus.Truncated;
        }

        int major = _data[Position] >> 5;
        int info = _data[Position] & 31;
        if (info is > EightBytes and < Indefinite || (info == Indefinite && major is Unsigned or Negative or Tag))
        {
            return CoapProblemStatus.Malformed;
        }

        int more = info is < OneByte or Indefinite ? 0 : 1 << (info - OneByte);
        if (more > _data.Length - Position - 1)
        {
            return CoapProblemStatus.Truncated;
        }

        ulong argument = more == 0 ? (ulong)(info == Indefinite ? 0 : info) : 0;
        foreach (byte b in _data.Slice(Position + 1, more))
        {
            argument = argument << 8 | b;
        }

        // RFC 8949 section 3.3: two-byte simple values below 32 are not well-formed.
        if (major == Simple && info == OneByte && argument < 32)
        {
            return CoapProblemStatus.Malformed;
        }

        Position += 1 + more;
        head = new CborHead(major, info == Indefinite, argument, info);
        return CoapProblemStatus.Ok;
    }

    /// <summary>Reads a text string, in one piece or in chunks (RFC 8949 section 3.2.3).</summary>
    public CoapProblemStatus TryReadText(out string text)
    {
        text = "";
        CoapProblemStatus status = TryReadHead(out CborHead head);
        if (status != CoapProblemStatus.Ok)
        {
            return status;
        }

        if (head.Major != Text)
        {
            return CoapProblemStatus.WrongType;
        }

        var bytes = new ArrayBufferWriter<byte>();
        status = TryReadString(head, bytes);
        text = status == CoapProblemStatus.Ok ? System.Text.Encoding.UTF8.GetString(bytes.WrittenSpan) : "";
        return status;
    }

    /// <summary>Whether the next item of an array or map is there; steps over the break.</summary>
    /// <param name="head">The head of the array or map.</param>
    /// <param name="index">How many items of it were read; for a map, how many pairs.</param>
    /// <param name="isNext">False at its end.</param>
    public CoapProblemStatus TryNext(in CborHead head, int index, out bool isNext)
    {
        isNext = head.IsIndefinite || (ulong)index < head.Argument;
        if (!isNext)
        {
            return CoapProblemStatus.Ok;
        }

        if (IsAtEnd)
        {
            return CoapProblemStatus.Truncated;
        }

        if (head.IsIndefinite && _data[Position] == Break)
        {
            isNext = false;
            Position++;
        }

        return CoapProblemStatus.Ok;
    }

    /// <summary>Steps over one item, whatever it is.</summary>
    /// <param name="depth">How deeply it may be nested.</param>
    public CoapProblemStatus TrySkip(int depth)
    {
        if (depth == 0)
        {
            return CoapProblemStatus.TooDeep;
        }

        CoapProblemStatus status = TryReadHead(out CborHead head);
        if (status != CoapProblemStatus.Ok)
        {
            return status;
        }

        switch (head.Major)
        {
            case Bytes or Text:
                return TryReadString(head, null);
            case Array or Map:
                return TrySkipItems(head, depth);
            case Tag:
                return TrySkip(depth - 1);
            case Simple:
                // A break where no item of indefinite length ends.
                return head.IsIndefinite ? CoapProblemStatus.Malformed : CoapProblemStatus.Ok;
            default:
                return CoapProblemStatus.Ok;
        }
    }

    private CoapProblemStatus TrySkipItems(in CborHead head, int depth)
    {
        for (int i = 0; ; i++)
        {
            CoapProblemStatus status = TryNext(head, i, out bool isNext);
            if (status != CoapProblemStatus.Ok || !isNext)
            {
                return status;
            }

            for (int part = head.Major == Map ? 2 : 1; part > 0; part--)
            {
                status = TrySkip(depth - 1);
                if (status != CoapProblemStatus.Ok)
                {
                    return status;
                }
            }
        }
    }

    private CoapProblemStatus TryReadString(in CborHead head, ArrayBufferWriter<byte>? output)
    {
        if (!head.IsIndefinite)
        {
            return TryReadChunk(head, output);
        }

        for (int i = 0; ; i++)
        {
            CoapProblemStatus status = TryNext(head, i, out bool isNext);
            if (status != CoapProblemStatus.Ok || !isNext)
            {
                return status;
            }

            status = TryReadHead(out CborHead chunk);
            if (status == CoapProblemStatus.Ok)
            {
                status = chunk.Major == head.Major && !chunk.IsIndefinite ? TryReadChunk(chunk, output) : CoapProblemStatus.Malformed;
            }

            if (status != CoapProblemStatus.Ok)
            {
                return status;
            }
        }
    }

    private CoapProblemStatus TryReadChunk(in CborHead head, ArrayBufferWriter<byte>? output)
    {
        if (head.Argument > (ulong)(_data.Length - Position))
        {
            return CoapProblemStatus.Truncated;
        }

        ReadOnlySpan<byte> chunk = _data.Slice(Position, (int)head.Argument);
        if (head.Major == Text && !Utf8.IsValid(chunk))
        {
            return CoapProblemStatus.InvalidText;
        }

        output?.Write(chunk);
        Position += chunk.Length;
        return CoapProblemStatus.Ok;
    }

    // Specification: RFC 8949 section 3 and section 3.1.
    public const int Unsigned = 0;
    public const int Negative = 1;
    public const int Bytes = 2;
    public const int Text = 3;
    public const int Array = 4;
    public const int Map = 5;
    public const int Tag = 6;
    public const int Simple = 7;
    private const int OneByte = 24;
    private const int EightBytes = 27;
    private const int Indefinite = 31;
    private const byte Break = 0xff;
}
