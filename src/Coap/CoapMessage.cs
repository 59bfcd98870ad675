using System;
using System.Text;

namespace Flint.Coap;

/// <summary>What a request and a response have in common: options and a payload.</summary>
public abstract partial class CoapMessage
{
    private protected CoapMessage()
    {
        Options = new CoapOptionList();
    }

    private protected CoapMessage(CoapOptionList options, ReadOnlyMemory<byte> payload)
    {
        Options = options;
        Payload = payload;
    }

    /// <summary>The options.</summary>
    public CoapOptionList Options { get; private set; }

    /// <summary>The payload; empty where there is none. The bytes are the caller's and must stay unchanged until the message is sent.</summary>
    public ReadOnlyMemory<byte> Payload { get; set; }

    /// <summary>
    /// A body in the place of the payload, that is read in parts and goes in blocks where it is larger than a message (RFC 7959); null where the payload is the body. That of a request is its
    /// sender's to dispose; that of a response is disposed once nobody asks for more of it. What arrives has none.
    /// </summary>
    public ICoapBody? Body { get; set; }

    /// <summary>What the payload is; null where the message does not say (RFC 7252 section 5.10.3).</summary>
    public CoapContentFormat? ContentFormat
    {
        get => Options.TryGetUInt32(CoapOptionNumber.ContentFormat, out uint value) ? (CoapContentFormat)value : null;
        set
        {
            Options.Remove(CoapOptionNumber.ContentFormat);
            if (value is CoapContentFormat format)
            {
                Options.Add(CoapOptionNumber.ContentFormat, (uint)format);
            }
        }
    }

    /// <summary>The payload as text. Bytes that are no UTF-8 become U+FFFD.</summary>
    public string GetText() => Encoding.UTF8.GetString(Payload.Span);

    /// <summary>An upper bound of the message's bytes on a stream, with a token of at most eight bytes.</summary>
    internal int TcpLengthBound => MaxTcpOverhead + Options.View.Encoded.Length + Payload.Length;

    /// <summary>Writes the message as it stands on a stream.</summary>
    internal bool TryWriteTcp(Span<byte> buffer, CoapCode code, ReadOnlySpan<byte> token, out int length)
    {
        var writer = new CoapMessageWriter(buffer);
        writer.WriteTcpHeader(code, token);
        writer.WriteOptions(Options.View);
        writer.WritePayload(Payload.Span);
        return writer.TryComplete(out length);
    }

    /// <summary>Writes the message as it stands in a datagram; the message layer fills in the type and the message id.</summary>
    internal bool TryWriteDatagram(Span<byte> buffer, CoapType type, CoapCode code, ReadOnlySpan<byte> token, out int length)
    {
        var writer = new CoapMessageWriter(buffer);
        writer.WriteHeader(type, code, 0, token);
        writer.WriteOptions(Options.View);
        writer.WritePayload(Payload.Span);
        return writer.TryComplete(out length);
    }

    private const int MaxTcpOverhead = CoapTcpFrame.MaxHeaderLength + CoapHeader.MaxTokenLength + 1;
}
