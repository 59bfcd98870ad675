using System;
using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Flint.Coap;

/// <summary>
/// A message in a datagram, validated as a whole and read in place: it holds views into the datagram and allocates nothing.
/// </summary>
/// <remarks>
/// RFC 7252 section 3.
/// <code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |Ver| T |  TKL  |      Code     |          Message ID           |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |   Token (if any, TKL bytes) ...
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |   Options (if any) ...
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |1 1 1 1 1 1 1 1|    Payload (if any) ...
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// </code>
/// </remarks>
public readonly ref struct CoapMessageReader
{
    private readonly ReadOnlySpan<byte> _datagram;
    private readonly uint _header;
    private readonly int _tokenOffset;
    private readonly int _bodyOffset;
    private readonly int _optionsEnd;

    private CoapMessageReader(ReadOnlySpan<byte> datagram, uint header, int tokenOffset, int bodyOffset, int optionsEnd)
    {
        _datagram = datagram;
        _header = header;
        _tokenOffset = tokenOffset;
        _bodyOffset = bodyOffset;
        _optionsEnd = optionsEnd;
    }

    /// <summary>The type.</summary>
    public CoapType Type => CoapHeader.TypeOf(_header);

    /// <summary>The code.</summary>
    public CoapCode Code => CoapHeader.CodeOf(_header);

    /// <summary>The message id.</summary>
    public ushort MessageId => unchecked((ushort)_header);

    /// <summary>The token, 0 to 8 bytes, or up to the limit given to <see cref="TryRead(ReadOnlySpan{byte}, int, out CoapMessageReader)"/>. The empty token is a token.</summary>
    public ReadOnlySpan<byte> Token => _datagram[_tokenOffset.._bodyOffset];

    /// <summary>The options, in the order of their numbers.</summary>
    public CoapOptions Options => new(_datagram[_bodyOffset.._optionsEnd]);

    /// <summary>The payload without its marker; empty where there is none.</summary>
    public ReadOnlySpan<byte> Payload => _optionsEnd == _datagram.Length ? default : _datagram[unchecked(_optionsEnd + 1)..];

    /// <summary>Reads one message; a token has at most eight bytes.</summary>
    /// <param name="datagram">The whole datagram, which must stay unchanged while <paramref name="message"/> is in use.</param>
    /// <param name="message">The message; <c>default</c> unless the result is <see cref="CoapReadStatus.Ok"/>.</param>
    public static CoapReadStatus TryRead(ReadOnlySpan<byte> datagram, out CoapMessageReader message)
    {
        // Here and not behind a call, since many datagrams are empty messages.
        if (datagram.Length == CoapHeader.Length && BinaryPrimitives.ReadUInt32BigEndian(datagram) is uint header && IsEmptyMessage(header))
        {
            message = new CoapMessageReader(datagram, header, CoapHeader.Length, CoapHeader.Length, CoapHeader.Length);
            return CoapReadStatus.Ok;
        }

        return TryRead(datagram, CoapHeader.MaxTokenLength, out message);
    }

    /// <summary>Reads one message whose token may be longer than eight bytes (RFC 8974).</summary>
    /// <param name="datagram">The whole datagram, which must stay unchanged while <paramref name="message"/> is in use.</param>
    /// <param name="maxTokenLength">The longest token that is accepted. Up to 8, the token lengths of RFC 8974 stay reserved.</param>
    /// <param name="message">The message; <c>default</c> unless the result is <see cref="CoapReadStatus.Ok"/>.</param>
    // Inlined, its locals would crowd the caller's out of their registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static CoapReadStatus TryRead(ReadOnlySpan<byte> datagram, int maxTokenLength, out CoapMessageReader message)
    {
        // The usual messages first, without a call, so that no register has to be saved; all else, and every fault, in its order behind.
        if (datagram.Length >= CoapHeader.Length)
        {
            uint header = BinaryPrimitives.ReadUInt32BigEndian(datagram);
            int bodyOffset = unchecked(CoapHeader.Length + CoapHeader.TokenLengthFieldOf(header));
            if (IsUsual(header) && bodyOffset <= CoapHeader.Length + CoapHeader.MaxTokenLength && bodyOffset <= datagram.Length)
            {
                int optionsEnd = CoapOptionFormat.FindEnd(datagram, bodyOffset);
                if (optionsEnd >= 0)
                {
                    message = new CoapMessageReader(datagram, header, CoapHeader.Length, bodyOffset, optionsEnd);
                    return CoapReadStatus.Ok;
                }
            }
        }

        return TryReadUnusual(datagram, maxTokenLength, out message);
    }

    /// <summary>Reads one message that lies in several pieces, such as one behind its length on a stream. Only a message that spans pieces is copied.</summary>
    /// <param name="datagram">The whole message, which must stay unchanged while <paramref name="message"/> is in use.</param>
    /// <param name="maxTokenLength">The longest token that is accepted. Up to 8, the token lengths of RFC 8974 stay reserved.</param>
    /// <param name="scratch">Where a message that spans pieces is put together; as long as <paramref name="datagram"/>.</param>
    /// <param name="message">The message; <c>default</c> unless the result is <see cref="CoapReadStatus.Ok"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="scratch"/> is too short.</exception>
    public static CoapReadStatus TryRead(in ReadOnlySequence<byte> datagram, int maxTokenLength, Span<byte> scratch, out CoapMessageReader message)
    {
        if (datagram.IsSingleSegment)
        {
            return TryRead(datagram.FirstSpan, maxTokenLength, out message);
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(scratch.Length, datagram.Length, nameof(scratch));
        datagram.CopyTo(scratch);
        return TryRead(scratch[..(int)datagram.Length], maxTokenLength, out message);
    }

    /// <summary>An empty CON, ACK or RST with nothing behind it (RFC 7252 section 4.1 and section 4.3).</summary>
    private static bool IsEmptyMessage(uint header) => header >> 16 is EmptyConfirmable or EmptyAcknowledgement or EmptyReset;

    /// <summary>Whether it is of this version, not empty, and of a type that carries its class (RFC 7252 section 4.2, section 4.3 and table 1).</summary>
    private static bool IsUsual(uint header) => header >> 30 == CoapHeader.Version
        && (header & CodeBits) != 0
        && (AllowedCombinations >> unchecked((int)(header >> 25 & 0x18 | header >> 21 & 7)) & 1) != 0;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static CoapReadStatus TryReadUnusual(ReadOnlySpan<byte> datagram, int maxTokenLength, out CoapMessageReader message)
    {
        message = default;
        CoapReadStatus status = JudgeHeader(datagram);
        if (status != CoapReadStatus.Ok)
        {
            return status;
        }

        uint header = BinaryPrimitives.ReadUInt32BigEndian(datagram);
        int tokenLength = CoapHeader.TokenLengthFieldOf(header);
        int tokenOffset = CoapHeader.Length;
        if (tokenLength > CoapHeader.MaxTokenLength)
        {
            status = CoapTokenLength.TryRead(datagram[CoapHeader.Length..], maxTokenLength, ref tokenLength, out int extension);
            if (status != CoapReadStatus.Ok)
            {
                return status == CoapReadStatus.NeedMoreData ? CoapReadStatus.TruncatedToken : status;
            }

            tokenOffset += extension;
        }

        if (tokenLength > datagram.Length - tokenOffset)
        {
            return CoapReadStatus.TruncatedToken;
        }

        int bodyOffset = tokenOffset + tokenLength;
        status = CoapOptionFormat.Judge(datagram, bodyOffset, out int optionsEnd);
        if (status == CoapReadStatus.Ok)
        {
            message = new CoapMessageReader(datagram, header, tokenOffset, bodyOffset, optionsEnd);
        }

        return status;
    }

    /// <summary>The faults of the first four bytes, in their order.</summary>
    private static CoapReadStatus JudgeHeader(ReadOnlySpan<byte> datagram)
    {
        CoapReadStatus status = CoapHeader.TryRead(datagram, out CoapHeader header);
        if (status != CoapReadStatus.Ok)
        {
            return status;
        }

        if (header.Code == CoapCode.Empty)
        {
            return header.TokenLengthField != 0 || datagram.Length != CoapHeader.Length ? CoapReadStatus.EmptyWithContent
                : header.Type == CoapType.NonConfirmable ? CoapReadStatus.NonConfirmableEmpty
                : CoapReadStatus.Ok;
        }

        return header.Code.Class() is 1 or 6 or 7 ? CoapReadStatus.ReservedCodeClass
            : header.Type == CoapType.Acknowledgement && header.Code.IsRequest() ? CoapReadStatus.AcknowledgementWithRequest
            : header.Type == CoapType.Reset ? CoapReadStatus.ResetNotEmpty
            : CoapReadStatus.Ok;
    }

    /// <summary>A byte for each type, from CON in the lowest to RST in the highest; in it a bit for each class.</summary>
    private const uint AllowedCombinations = 0x00_3c_3d_3d;

    private const uint CodeBits = 0x00ff_0000;
    private const uint EmptyConfirmable = 0x4000;
    private const uint EmptyAcknowledgement = 0x6000;
    private const uint EmptyReset = 0x7000;
}
