using System;
using System.Buffers;

namespace Flint.Coap;

/// <summary>
/// A message on a reliable transport, validated as a whole and read in place: it holds views into the stream's bytes and allocates nothing.
/// It has neither type nor message id (RFC 8323 section 3.2).
/// </summary>
public readonly ref struct CoapTcpMessageReader
{
    private readonly ReadOnlySpan<byte> _message;
    private readonly int _tokenOffset;
    private readonly int _bodyOffset;
    private readonly int _optionsEnd;

    private CoapTcpMessageReader(CoapCode code, ReadOnlySpan<byte> message, int tokenOffset, int bodyOffset, int optionsEnd)
    {
        Code = code;
        _message = message;
        _tokenOffset = tokenOffset;
        _bodyOffset = bodyOffset;
        _optionsEnd = optionsEnd;
    }

    /// <summary>The code.</summary>
    public CoapCode Code { get; }

    /// <summary>The token, up to the declared limit. The empty token is a token.</summary>
    public ReadOnlySpan<byte> Token => _message[_tokenOffset.._bodyOffset];

    /// <summary>The options, in the order of their numbers.</summary>
    public CoapOptions Options => new(_message[_bodyOffset.._optionsEnd]);

    /// <summary>The payload without its marker; empty where there is none.</summary>
    public ReadOnlySpan<byte> Payload => _optionsEnd == _message.Length ? default : _message[(_optionsEnd + 1)..];

    /// <summary>Reads the first message of a stream.</summary>
    /// <param name="stream">What has arrived, which must stay unchanged while <paramref name="message"/> is in use.</param>
    /// <param name="limits">The limits that were declared to the peer.</param>
    /// <param name="message">The message; <c>default</c> unless the result is <see cref="CoapReadStatus.Ok"/>.</param>
    /// <param name="consumed">The message's bytes; 0 unless the result is <see cref="CoapReadStatus.Ok"/>.</param>
    /// <returns><see cref="CoapReadStatus.NeedMoreData"/> where the message goes on. Any other failure is final for the stream (RFC 8323 section 5.6).</returns>
    public static CoapReadStatus TryRead(ReadOnlySpan<byte> stream, CoapTcpLimits limits, out CoapTcpMessageReader message, out int consumed)
    {
        message = default;
        consumed = 0;
        CoapReadStatus status = CoapTcpFrame.TryRead(stream, limits, out CoapTcpFrame frame);
        if (status != CoapReadStatus.Ok)
        {
            return status;
        }

        if (stream.Length < frame.Length)
        {
            return CoapReadStatus.NeedMoreData;
        }

        CoapCode code = (CoapCode)stream[frame.CodeOffset];
        if (code == CoapCode.Empty && frame.Length != MinLength)
        {
            return CoapReadStatus.EmptyWithContent;
        }

        if (code.Class() is 1 or 6)
        {
            return CoapReadStatus.ReservedCodeClass;
        }

        int bodyOffset = frame.TokenOffset + frame.TokenLength;
        ReadOnlySpan<byte> whole = stream[..frame.Length];
        status = CoapOptionFormat.Validate(whole, bodyOffset, out int optionsEnd);
        if (status == CoapReadStatus.Ok)
        {
            message = new CoapTcpMessageReader(code, whole, frame.TokenOffset, bodyOffset, optionsEnd);
            consumed = frame.Length;
        }

        return status;
    }

    /// <summary>Reads the first message of a stream that lies in several pieces. Only a message that spans pieces is copied.</summary>
    /// <param name="stream">What has arrived, which must stay unchanged while <paramref name="message"/> is in use.</param>
    /// <param name="limits">The limits that were declared to the peer.</param>
    /// <param name="scratch">Where a message that spans pieces is put together; as long as such a message, so at most Max-Message-Size.</param>
    /// <param name="message">The message; <c>default</c> unless the result is <see cref="CoapReadStatus.Ok"/>.</param>
    /// <param name="consumed">The message's bytes; 0 unless the result is <see cref="CoapReadStatus.Ok"/>.</param>
    /// <returns><see cref="CoapReadStatus.NeedMoreData"/> where the message goes on. Any other failure is final for the stream (RFC 8323 section 5.6).</returns>
    /// <exception cref="ArgumentException"><paramref name="scratch"/> is too short; <see cref="TryReadLength"/> tells the length.</exception>
    public static CoapReadStatus TryRead(
        in ReadOnlySequence<byte> stream, CoapTcpLimits limits, Span<byte> scratch, out CoapTcpMessageReader message, out int consumed)
    {
        ReadOnlySpan<byte> first = stream.FirstSpan;
        CoapReadStatus status = TryRead(first, limits, out message, out consumed);
        if (status != CoapReadStatus.NeedMoreData || stream.IsSingleSegment)
        {
            return status;
        }

        status = TryReadLength(stream, limits, out int length);
        if (status != CoapReadStatus.Ok || stream.Length < length)
        {
            return status == CoapReadStatus.Ok ? CoapReadStatus.NeedMoreData : status;
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(scratch.Length, length, nameof(scratch));
        stream.Slice(0, length).CopyTo(scratch);
        return TryRead(scratch[..length], limits, out message, out consumed);
    }

    /// <summary>Reads how long the first message of a stream is, without looking behind its length fields.</summary>
    /// <param name="stream">What has arrived.</param>
    /// <param name="limits">The limits that were declared to the peer.</param>
    /// <param name="length">The message's bytes, header included, whether they are all there or not; 0 unless the result is <see cref="CoapReadStatus.Ok"/>.</param>
    public static CoapReadStatus TryReadLength(in ReadOnlySequence<byte> stream, CoapTcpLimits limits, out int length)
    {
        Span<byte> header = stackalloc byte[CoapTcpFrame.MaxHeaderLength];
        int available = (int)Math.Min(stream.Length, header.Length);
        stream.Slice(0, available).CopyTo(header);
        CoapReadStatus status = CoapTcpFrame.TryRead(header[..available], limits, out CoapTcpFrame frame);
        length = frame.Length;
        return status;
    }

    private const int MinLength = 2;
}
