using System;
using System.Text;

namespace Flint.Coap;

/// <summary>A response: one that a handler gives, or one that arrived.</summary>
public sealed partial class CoapResponse : CoapMessage
{
    /// <summary>A response to be sent.</summary>
    /// <exception cref="ArgumentException">No response's code.</exception>
    public CoapResponse(CoapCode code)
    {
        if (!code.IsResponse())
        {
            throw new ArgumentException($"{code.ToDotted()} is no response.", nameof(code));
        }

        Code = code;
    }

    internal CoapResponse(CoapCode code, CoapOptionList options, ReadOnlyMemory<byte> payload)
        : base(options, payload) => Code = code;

    /// <summary>The code.</summary>
    public CoapCode Code { get; }

    /// <summary>2.05 with a payload of <paramref name="format"/>.</summary>
    public static CoapResponse Content(ReadOnlyMemory<byte> payload, CoapContentFormat format = CoapContentFormat.OctetStream) =>
        new(CoapCode.Content) { ContentFormat = format, Payload = payload };

    /// <summary>2.05 with text.</summary>
    public static CoapResponse Content(string text) => Content(Encoding.UTF8.GetBytes(text), CoapContentFormat.TextPlain);

    /// <summary>2.04 without a payload.</summary>
    public static CoapResponse Changed() => new(CoapCode.Changed);

    /// <summary>2.04 with text.</summary>
    public static CoapResponse Changed(string text) =>
        new(CoapCode.Changed) { ContentFormat = CoapContentFormat.TextPlain, Payload = Encoding.UTF8.GetBytes(text) };

    /// <summary>4.04.</summary>
    public static CoapResponse NotFound() => new(CoapCode.NotFound);

    /// <summary>An error with a diagnostic payload for humans, which has no content format (RFC 7252 section 5.5.2).</summary>
    /// <exception cref="ArgumentException"><paramref name="code"/> is neither 4.xx nor 5.xx.</exception>
    public static CoapResponse Error(CoapCode code, string? diagnostic = null) => code.IsError()
        ? new(code) { Payload = diagnostic is null ? default(ReadOnlyMemory<byte>) : Encoding.UTF8.GetBytes(diagnostic) }
        : throw new ArgumentException($"{code.ToDotted()} is no error.", nameof(code));

    /// <summary>The same response with one option more.</summary>
    internal CoapResponse With(CoapOptionNumber number, uint value)
    {
        var copy = new CoapResponse(Code) { Payload = Payload };
        foreach (CoapOption option in Options)
        {
            copy.Options.Add(option.Number, option.Value);
        }

        copy.Options.Add(number, value);
        return copy;
    }

    /// <summary>This response with the whole body, of which it had the first block.</summary>
    internal CoapResponse WithBody(ReadOnlyMemory<byte> body)
    {
        Options.Remove(CoapOptionNumber.Block2);
        Payload = body;
        return this;
    }

    /// <summary>This response, where its code is 2.xx.</summary>
    /// <exception cref="CoapException">The code is another one: <see cref="CoapError.ErrorResponse"/>, with the code and the diagnostic payload or the problem's details.</exception>
    public CoapResponse EnsureSuccess() => Code.IsSuccess()
        ? this
        : throw new CoapException(CoapError.ErrorResponse, $"{Code.ToDotted()} {(TryGetProblem(out CoapProblemDetails? problem) ? problem.ToString() : GetText())}".TrimEnd()) { Response = this };
}
