using System;
using System.Security.Cryptography;

namespace Flint.Coap;

/// <summary>The messages that a response is made of whose body goes in bursts (RFC 9177 section 4.4).</summary>
internal static class QBlockParts
{
    /// <summary>The response itself where it has an ETag; otherwise the same with one over its body, which every block carries.</summary>
    public static CoapResponse WithETag(CoapResponse response)
    {
        if (response.Options.TryFind(CoapOptionNumber.ETag, out _))
        {
            return response;
        }

        var copy = (CoapResponse)response.Copy();
        copy.Options.Add(CoapOptionNumber.ETag, SHA256.HashData(response.Payload.Span).AsSpan(0, ETagLength));
        return copy;
    }

    /// <summary>A block: it has what the whole has, and the size of the whole (section 4.6).</summary>
    public static CoapResponse PartOf(CoapResponse response, CoapBlock block)
    {
        int offset = (int)block.Offset;
        var part = (CoapResponse)response.Copy();
        part.Payload = response.Payload.Slice(offset, Math.Min(block.Size, response.Payload.Length - offset));
        part.Options.Add(CoapOptionNumber.Size2, (uint)response.Payload.Length);
        part.Options.Add(CoapOptionNumber.QBlock2, block.Value);
        return part;
    }

    // Specification: RFC 7252 section 5.10.6: an ETag has 1 to 8 bytes.
    private const int ETagLength = 8;
}
