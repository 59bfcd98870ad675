using System;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>
/// A handler's response of which peers get one block after the other (RFC 7959 section 2.4). It carries an ETag, so that no client puts parts of two representations together: the handler's, or one
/// over the payload, or for a body that is read in parts one that no other has. Held by counting; the last holder disposes the body.
/// </summary>
internal sealed class CoapServedBody(CoapResponse response)
{
    private readonly ICoapBody? _body = response.Body;
    private byte[]? _eTag;
    private int _holders = 1;

    public CoapResponse Response => response;

    /// <summary>How many bytes are in memory because of it.</summary>
    public long HeldBytes => response.Payload.Length;

    public bool TryHold()
    {
        int holders = Volatile.Read(ref _holders);
        while (holders != 0)
        {
            int seen = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (seen == holders)
            {
                return true;
            }

            holders = seen;
        }

        return false;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0 && _body is not null)
        {
            _ = DisposeBodyAsync(_body);
        }
    }

    /// <summary>Makes the response with the part of the body that was asked for; an error goes whole.</summary>
    /// <param name="served">What was asked for.</param>
    /// <param name="block1">The Block1 option, where the request's body came in blocks.</param>
    /// <param name="cancellationToken">The transport has ended.</param>
    public async ValueTask<CoapPart> ReadAsync(CoapServedBlock served, CoapBlock? block1, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> payload = response.Payload;
        CoapBlock? block2 = null;
        bool isLast = true;
        if (response.Code.IsSuccess())
        {
            (payload, isLast) = await ReadPayloadAsync(served, cancellationToken).ConfigureAwait(false);
            if (!served.TryAnswer(payload.Length, isLast, out block2))
            {
                return new CoapPart(CoapResponse.Error(CoapCode.BadRequest, "the body ends before that block"), true);
            }
        }

        var part = new CoapResponse(response.Code) { Payload = payload };
        foreach (CoapOption option in response.Options)
        {
            part.Options.Add(option.Number, option.Value);
        }

        if (block2 is CoapBlock second)
        {
            AddBlock2(part, second);
        }

        if (block1 is CoapBlock first)
        {
            part.Options.Add(CoapOptionNumber.Block1, first.Value);
        }

        return new CoapPart(part, isLast);
    }

    private async ValueTask<(ReadOnlyMemory<byte> Payload, bool IsLast)> ReadPayloadAsync(CoapServedBlock served, CancellationToken cancellationToken)
    {
        if (_body is null)
        {
            int offset = (int)Math.Min(served.Offset, response.Payload.Length);
            int length = Math.Min(served.MaxCount, response.Payload.Length - offset);
            return (response.Payload.Slice(offset, length), offset + length == response.Payload.Length);
        }

        // One byte more tells whether the body goes on.
        var buffer = new byte[served.MaxCount + 1];
        int count = await _body.ReadAsync(served.Offset, buffer, cancellationToken).ConfigureAwait(false);
        return (buffer.AsMemory(0, Math.Min(count, served.MaxCount)), count <= served.MaxCount);
    }

    private void AddBlock2(CoapResponse part, CoapBlock block)
    {
        if (!part.Options.TryFind(CoapOptionNumber.ETag, out _))
        {
            part.Options.Add(CoapOptionNumber.ETag, OwnETag());
        }

        part.Options.Add(CoapOptionNumber.Block2, block.Value);
        long? length = _body is null ? response.Payload.Length : _body.Length;
        if (block.Number == 0 && length is long size and <= uint.MaxValue && !part.Options.TryFind(CoapOptionNumber.Size2, out _))
        {
            part.Options.Add(CoapOptionNumber.Size2, (uint)size);
        }
    }

    private byte[] OwnETag()
    {
        if (_eTag is null)
        {
            byte[] eTag = _body is null ? SHA256.HashData(response.Payload.Span)[..ETagLength] : RandomNumberGenerator.GetBytes(ETagLength);
            Interlocked.CompareExchange(ref _eTag, eTag, null);
        }

        return _eTag;
    }

    [SuppressMessage("Design", "CA1031", Justification = "What the program's own body throws when it is disposed has nowhere to go.")]
    private static async Task DisposeBodyAsync(ICoapBody body)
    {
        try
        {
            await body.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
        }
    }

    // Specification: RFC 7252 section 5.10.6: an ETag has 1 to 8 bytes.
    private const int ETagLength = 8;
}
