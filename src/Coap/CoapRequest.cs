using System;
using System.Collections.Generic;
using System.IO.Pipelines;

namespace Flint.Coap;

/// <summary>
/// A request: one to be sent, or one that a handler was given. The latter is the handler's until its task ends; what it keeps longer it copies.
/// </summary>
public sealed partial class CoapRequest : CoapMessage
{
    /// <summary>A request to be sent.</summary>
    /// <param name="method">GET, POST, … or any other code of class 0 but 0.00.</param>
    /// <param name="pathAndQuery">Such as "/f/led?brightness=40"; percent-encoded where a segment holds a reserved character (RFC 7252 section 6.4).</param>
    /// <exception cref="ArgumentException">No request's code, or a segment of more than 255 bytes.</exception>
    /// <exception cref="FormatException">A percent sign without two hexadecimal digits.</exception>
    public CoapRequest(CoapCode method, string pathAndQuery)
    {
        ArgumentNullException.ThrowIfNull(pathAndQuery);
        if (!method.IsRequest())
        {
            throw new ArgumentException($"{method.ToDotted()} is no request.", nameof(method));
        }

        Method = method;
        CoapPath.AddTo(Options, pathAndQuery);
    }

    internal CoapRequest(CoapCode method, CoapOptionList options, ReadOnlyMemory<byte> payload, ICoapPeer peer)
        : base(options, payload)
    {
        Method = method;
        Peer = peer;
    }

    /// <summary>An empty place for requests that arrive one after another; see <see cref="Reset"/>.</summary>
    internal CoapRequest()
    {
    }

    /// <summary>The method.</summary>
    public CoapCode Method { get; private set; }

    /// <summary>
    /// Whether the message layer asks for an acknowledgement and repeats the request until it comes (RFC 7252 section 4.2). It is so
    /// unless set otherwise. Without a meaning on streams.
    /// </summary>
    public bool IsConfirmable { get; set; } = true;

    /// <summary>Who sent it, as the transport's owner told; <see cref="CoapPeer.Anonymous"/> for a request of one's own.</summary>
    public ICoapPeer Peer { get; private set; } = CoapPeer.Anonymous;

    /// <summary>The path, percent-encoded: "/" followed by the Uri-Path options (RFC 7252 section 6.5).</summary>
    public string Path => CoapPath.Compose(Options.View);

    /// <summary>What stood in the path at <c>{name}</c> of the route that matched, decoded.</summary>
    /// <exception cref="KeyNotFoundException">The route has no such parameter.</exception>
    public string Route(string name) =>
        MatchedRoute?.ValueOf(name, Options.View) ?? throw new KeyNotFoundException($"The route has no parameter {{{name}}}.");

    /// <summary>The value of the first Uri-Query "name=value", or "" for "name" alone; null where there is none.</summary>
    public string? Query(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        foreach (CoapOption option in Options)
        {
            if (option.Number == CoapOptionNumber.UriQuery)
            {
                string query = option.GetString();
                int equals = query.IndexOf('=', StringComparison.Ordinal);
                string key = equals < 0 ? query : query[..equals];
                if (string.Equals(key, name, StringComparison.Ordinal))
                {
                    return equals < 0 ? "" : query[(equals + 1)..];
                }
            }
        }

        return null;
    }

    /// <summary>A part of this request: the same but for the payload and for what tells the parts apart (RFC 7959 section 2).</summary>
    internal CoapRequest Part(ReadOnlyMemory<byte> payload, CoapOptionNumber number, CoapBlock? block)
    {
        var part = new CoapRequest { Method = Method, IsConfirmable = IsConfirmable, Payload = payload };
        foreach (CoapOption option in Options)
        {
            if (option.Number is not (CoapOptionNumber.Block1 or CoapOptionNumber.Block2 or CoapOptionNumber.Size1 or CoapOptionNumber.Observe))
            {
                part.Options.Add(option.Number, option.Value);
            }
        }

        if (block is CoapBlock value)
        {
            part.Options.Add(number, value.Value);
        }

        return part;
    }

    /// <summary>This request without its payload and its Block1, for a handler that outlives it.</summary>
    internal CoapRequest Detach()
    {
        CoapRequest copy = Part(default, default, null);
        copy.Peer = Peer;
        return copy;
    }

    /// <summary>Where the body comes as it arrives; null where the payload is the body.</summary>
    internal PipeReader? BodyReader { get; set; }

    /// <summary>Where the body of a success goes; null for memory.</summary>
    internal CoapBodySink? Sink { get; set; }

    /// <summary>This request, confirmable: a part of it goes to one of a group.</summary>
    internal CoapRequest AsConfirmable()
    {
        IsConfirmable = true;
        return this;
    }

    /// <summary>The route that a <see cref="CoapRouter"/> chose.</summary>
    internal CoapRoute? MatchedRoute { get; set; }

    /// <summary>Makes this the next request, which lies in <paramref name="bytes"/>: options, then payload.</summary>
    internal void Reset(CoapCode method, bool confirmable, byte[] bytes, int optionsLength, int length, ICoapPeer peer)
    {
        Method = method;
        IsConfirmable = confirmable;
        Options.Reset(bytes, 0, optionsLength);
        Payload = bytes.AsMemory(optionsLength, length - optionsLength);
        Peer = peer;
        MatchedRoute = null;
        BodyReader = null;
    }
}
