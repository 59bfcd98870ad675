using System;
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
    public ReadOnlySpan<byte> Payload => _optionsEnd == _datagram.Length ? default : _datagram[(_optionsEnd + 1)..];

    /// <summary>Reads one message; a token has at most eight bytes.</summary>
    /// <param name="datagram">The whole datagram, which must stay unchanged while <paramref name="message"/> is in use.</param>
    /// <param name="message">The message; <c>default</c> unless the result is <see cref="CoapReadStatus.Ok"/>.</param>
    public static CoapReadStatus TryRead(ReadOnlySpan<byte> datagram, out CoapMessageReader message) =>
        TryRead(datagram, CoapHeader.MaxTokenLength, out message);

    /// <summary>Reads one message whose token may be longer than eight bytes (RFC 8974).</summary>
    /// <param name="datagram">The whole datagram, which must stay unchanged while <paramref name="message"/> is in use.</param>
    /// <param name="maxTokenLength">The longest token that is accepted. Up to 8, the token lengths of RFC 8974 stay reserved.</param>
    /// <param name="message">The message; <c>default</c> unless the result is <see cref="CoapReadStatus.Ok"/>.</param>
    // Inlined, its locals would crowd the caller's out of their registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static CoapReadStatus TryRead(ReadOnlySpan<byte> datagram, int maxTokenLength, out CoapMessageReader message)
    {
        message = default;
        if (!BinaryPrimitives.TryReadUInt32BigEndian(datagram, out uint header))
        {
            return CoapReadStatus.TruncatedHeader;
        }

        if (header >> 30 != CoapHeader.Version)
        {
            return CoapReadStatus.UnknownVersion;
        }

        int tokenLength = CoapHeader.TokenLengthFieldOf(header);
        CoapCode code = CoapHeader.CodeOf(header);
        if (code == CoapCode.Empty)
        {
            if (tokenLength != 0 || datagram.Length != CoapHeader.Length)
            {
                return CoapReadStatus.EmptyWithContent;
            }

            if (CoapHeader.TypeOf(header) == CoapType.NonConfirmable)
            {
                return CoapReadStatus.NonConfirmableEmpty;
            }

            message = new CoapMessageReader(datagram, header, CoapHeader.Length, CoapHeader.Length, CoapHeader.Length);
            return CoapReadStatus.Ok;
        }

        var status = (CoapReadStatus)Combinations[unchecked((int)(header >> 28 & 3) << 3 | (int)code >> 5)];
        if (status != CoapReadStatus.Ok)
        {
            return status;
        }

        int tokenOffset = CoapHeader.Length;
        if (tokenLength > CoapHeader.MaxTokenLength)
        {
            int extended = tokenLength;
            status = CoapTokenLength.TryRead(datagram[CoapHeader.Length..], maxTokenLength, ref extended, out int extension);
            if (status != CoapReadStatus.Ok)
            {
                return status == CoapReadStatus.NeedMoreData ? CoapReadStatus.TruncatedToken : status;
            }

            tokenOffset += extension;
            tokenLength = extended;
        }

        if (tokenLength > datagram.Length - tokenOffset)
        {
            return CoapReadStatus.TruncatedToken;
        }

        int bodyOffset = tokenOffset + tokenLength;
        status = CoapOptionFormat.Validate(datagram, bodyOffset, out int optionsEnd);
        if (status == CoapReadStatus.Ok)
        {
            message = new CoapMessageReader(datagram, header, tokenOffset, bodyOffset, optionsEnd);
        }

        return status;
    }

    private const byte Fine = (byte)CoapReadStatus.Ok;
    private const byte Klass = (byte)CoapReadStatus.ReservedCodeClass;
    private const byte Request = (byte)CoapReadStatus.AcknowledgementWithRequest;
    private const byte Full = (byte)CoapReadStatus.ResetNotEmpty;

    /// <summary>Which type carries which class, 0.00 apart (RFC 7252 section 4.2, section 4.3 and table 1): a row a type, a column a class.</summary>
    private static ReadOnlySpan<byte> Combinations =>
    [
        Fine, Klass, Fine, Fine, Fine, Fine, Klass, Klass,
        Fine, Klass, Fine, Fine, Fine, Fine, Klass, Klass,
        Request, Klass, Fine, Fine, Fine, Fine, Klass, Klass,
        Full, Klass, Full, Full, Full, Full, Klass, Klass,
    ];
}
