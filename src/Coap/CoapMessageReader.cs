using System;

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
    private readonly ReadOnlySpan<byte> _body;
    private readonly int _optionsLength;
    private readonly CoapHeader _header;

    private CoapMessageReader(CoapHeader header, ReadOnlySpan<byte> token, ReadOnlySpan<byte> body, int optionsLength)
    {
        _header = header;
        Token = token;
        _body = body;
        _optionsLength = optionsLength;
    }

    /// <summary>The type.</summary>
    public CoapType Type => _header.Type;

    /// <summary>The code.</summary>
    public CoapCode Code => _header.Code;

    /// <summary>The message id.</summary>
    public ushort MessageId => _header.MessageId;

    /// <summary>The token, 0 to 8 bytes, or up to the limit given to <see cref="TryRead(ReadOnlySpan{byte}, int, out CoapMessageReader)"/>. The empty token is a token.</summary>
    public ReadOnlySpan<byte> Token { get; }

    /// <summary>The options, in the order of their numbers.</summary>
    public CoapOptions Options => new(_body[.._optionsLength]);

    /// <summary>The payload without its marker; empty where there is none.</summary>
    public ReadOnlySpan<byte> Payload => _optionsLength == _body.Length ? default : _body[(_optionsLength + 1)..];

    /// <summary>Reads one message; a token has at most eight bytes.</summary>
    /// <param name="datagram">The whole datagram, which must stay unchanged while <paramref name="message"/> is in use.</param>
    /// <param name="message">The message; <c>default</c> unless the result is <see cref="CoapReadStatus.Ok"/>.</param>
    public static CoapReadStatus TryRead(ReadOnlySpan<byte> datagram, out CoapMessageReader message) =>
        TryRead(datagram, CoapHeader.MaxTokenLength, out message);

    /// <summary>Reads one message whose token may be longer than eight bytes (RFC 8974).</summary>
    /// <param name="datagram">The whole datagram, which must stay unchanged while <paramref name="message"/> is in use.</param>
    /// <param name="maxTokenLength">The longest token that is accepted. Up to 8, the token lengths of RFC 8974 stay reserved.</param>
    /// <param name="message">The message; <c>default</c> unless the result is <see cref="CoapReadStatus.Ok"/>.</param>
    public static CoapReadStatus TryRead(ReadOnlySpan<byte> datagram, int maxTokenLength, out CoapMessageReader message)
    {
        message = default;
        CoapReadStatus status = CoapHeader.TryRead(datagram, out CoapHeader header);
        if (status != CoapReadStatus.Ok)
        {
            return status;
        }

        if (header.Code == CoapCode.Empty)
        {
            return ReadEmpty(datagram, header, ref message);
        }

        status = (CoapReadStatus)Combinations[(int)header.Type << 3 | (int)header.Code >> 5];
        if (status != CoapReadStatus.Ok)
        {
            return status;
        }

        ReadOnlySpan<byte> rest = datagram[CoapHeader.Length..];
        int tokenLength = header.TokenLengthField;
        if (tokenLength > CoapHeader.MaxTokenLength)
        {
            status = CoapTokenLength.TryRead(rest, maxTokenLength, ref tokenLength, out int extension);
            if (status != CoapReadStatus.Ok)
            {
                return status == CoapReadStatus.NeedMoreData ? CoapReadStatus.TruncatedToken : status;
            }

            rest = rest[extension..];
        }

        if (tokenLength > rest.Length)
        {
            return CoapReadStatus.TruncatedToken;
        }

        ReadOnlySpan<byte> body = rest[tokenLength..];
        status = CoapOptionFormat.Validate(body, out int optionsLength);
        if (status == CoapReadStatus.Ok)
        {
            message = new CoapMessageReader(header, rest[..tokenLength], body, optionsLength);
        }

        return status;
    }

    private static CoapReadStatus ReadEmpty(ReadOnlySpan<byte> datagram, CoapHeader header, ref CoapMessageReader message)
    {
        if (header.TokenLengthField != 0 || datagram.Length != CoapHeader.Length)
        {
            return CoapReadStatus.EmptyWithContent;
        }

        if (header.Type == CoapType.NonConfirmable)
        {
            return CoapReadStatus.NonConfirmableEmpty;
        }

        message = new CoapMessageReader(header, default, default, 0);
        return CoapReadStatus.Ok;
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
