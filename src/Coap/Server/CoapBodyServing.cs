using System;

namespace Flint.Coap;

/// <summary>
/// Cuts the block that a request asks for out of the response that its handler gave (RFC 7959 section 2.4). Nothing is kept between the blocks: the handler runs for each,
/// and an ETag over the body tells the client when it has changed.
/// </summary>
internal static class CoapBodyServing
{
    /// <summary>The response itself, where it goes whole; otherwise the part of it.</summary>
    /// <param name="response">The handler's response, which stays unchanged.</param>
    /// <param name="request">The request.</param>
    /// <param name="block1">The Block1 option, where the request's body came in blocks.</param>
    /// <param name="sizes">How large a block may be.</param>
    /// <param name="observe">The Observe option, where it has one.</param>
    public static CoapResponse PartOf(CoapResponse response, CoapRequest request, CoapBlock? block1, CoapBlockSizes sizes, uint? observe)
    {
        CoapBlock? block2 = null;
        ReadOnlyMemory<byte> payload = response.Payload;
        if (response.Code.IsSuccess() && (payload.Length > sizes.MaxPayload || request.Options.TryFind(CoapOptionNumber.Block2, out _)))
        {
            if (!CoapServedBlock.TryRead(request.Options.View, sizes, out CoapServedBlock served))
            {
                return CoapResponse.Error(CoapCode.BadRequest, "Block2");
            }

            int offset = (int)Math.Min(served.Offset, payload.Length);
            int count = Math.Min(served.MaxCount, payload.Length - offset);
            bool isLast = offset + count == payload.Length;
            if (!served.TryAnswer(count, isLast, out block2))
            {
                return CoapResponse.Error(CoapCode.BadRequest, "the body ends before that block");
            }

            if (!request.Method.IsSafe() && !isLast)
            {
                // Its blocks would have to be kept: the handler of such a method must not run for each.
                return CoapResponse.Error(CoapCode.InternalServerError, "the response is larger than a block");
            }

            payload = payload.Slice(offset, count);
        }

        if (block1 is null && block2 is null && observe is null)
        {
            return response;
        }

        var part = new CoapResponse(response.Code) { Payload = payload };
        foreach (CoapOption option in response.Options)
        {
            part.Options.Add(option.Number, option.Value);
        }

        if (observe is uint sequence)
        {
            part.Options.Add(CoapOptionNumber.Observe, sequence);
        }

        if (block2 is CoapBlock second)
        {
            AddETag(part, response.Payload.Span);
            part.Options.Add(CoapOptionNumber.Block2, second.Value);
            if (second.Number == 0)
            {
                part.Options.Add(CoapOptionNumber.Size2, (uint)response.Payload.Length);
            }
        }

        if (block1 is CoapBlock first)
        {
            part.Options.Add(CoapOptionNumber.Block1, first.Value);
        }

        return part;
    }

    private static void AddETag(CoapResponse part, ReadOnlySpan<byte> body)
    {
        if (!part.Options.TryFind(CoapOptionNumber.ETag, out _))
        {
            var hash = new HashCode();
            hash.AddBytes(body);
            Span<byte> tag = stackalloc byte[sizeof(int)];
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(tag, hash.ToHashCode());
            part.Options.Add(CoapOptionNumber.ETag, tag);
        }
    }
}
