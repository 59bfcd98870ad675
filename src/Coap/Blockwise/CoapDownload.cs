using System;
using System.Runtime.CompilerServices;

namespace Flint.Coap;

/// <summary>
/// The client's side of a response whose body comes in blocks (RFC 7959 section 2.4), without I/O: says which block to ask for, and where the payload of a response belongs. It
/// never holds the body; the caller writes it where it is told to.
/// </summary>
/// <remarks>
/// docs/spec/coap-profile.md section 12.2. The further requests are the first one with another Block2 option, without Observe, and without payload and Block1. A notification that comes in blocks
/// is the first response of a download of its own, for which <see cref="TrySend"/> is called without sending; its further requests have a token of their own (RFC 7959 section 2.6).
/// </remarks>
public sealed class CoapDownload
{
    private readonly CoapBlockSizes _sizes;
    private readonly long _start;
    private long _next;
    private int _exponent;
    private int _restarts;
    private bool _asksFirst;
    private bool _hasETag;
    private int _eTagLength;
    private ETagBytes _eTag;
    private bool _isFirst = true;

    /// <summary>Begins.</summary>
    /// <param name="sizes">How large blocks and body may be. A size below the largest is asked for with the first request (early negotiation, section 2.3).</param>
    /// <param name="start">Where to begin in the body: a multiple of the block size. What lies before is not asked for.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size lies outside its range, or <paramref name="start"/> is no multiple of it.</exception>
    public CoapDownload(CoapBlockSizes sizes, long start = 0)
    {
        ArgumentNullException.ThrowIfNull(sizes);
        sizes.Validate();
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNotEqual(start % (16 << Math.Min(sizes.SizeExponent, CoapBlock.MaxDatagramExponent)), 0, nameof(start));
        _sizes = sizes;
        _start = _next = Offset = start;
        _exponent = sizes.SizeExponent;
        _asksFirst = start != 0 || _exponent != CoapBlock.MaxDatagramExponent;
    }

    /// <summary>Where the transfer stands.</summary>
    public CoapTransferState State { get; private set; }

    /// <summary>Why it failed.</summary>
    public CoapBlockFailure Failure { get; private set; }

    /// <summary>Where the payload of the response that was taken last belongs in the body.</summary>
    public long Offset { get; private set; }

    /// <summary>The size of the body as the server has estimated it (Size2, section 4); null where it has not.</summary>
    public long? EstimatedLength { get; private set; }

    /// <summary>Takes note of the request that is sent next.</summary>
    /// <param name="block">The value of Block2; null where the first request goes without.</param>
    /// <returns>False where the body is too large for the option: the transfer has failed.</returns>
    /// <exception cref="InvalidOperationException">A response is awaited, or the transfer is over.</exception>
    public bool TrySend(out CoapBlock? block)
    {
        int size = 16 << Math.Min(_exponent, CoapBlock.MaxDatagramExponent);
        block = null;
        if (_next / size > CoapBlock.MaxNumber)
        {
            Fail(CoapBlockFailure.TooLarge);
            return false;
        }

        Advance(CoapTransferInput.Send);
        if (!_isFirst || _asksFirst)
        {
            block = new CoapBlock((int)(_next / size), false, _exponent);
        }

        return true;
    }

    /// <summary>Takes the response to the request that was sent last.</summary>
    /// <param name="code">Its code.</param>
    /// <param name="options">Its options.</param>
    /// <param name="payloadLength">The bytes of its payload.</param>
    /// <returns>What is to be done with it.</returns>
    /// <exception cref="InvalidOperationException">No response is awaited.</exception>
    public CoapDownloadResult OnResponse(CoapCode code, CoapOptions options, int payloadLength)
    {
        if (!code.IsSuccess())
        {
            Advance(CoapTransferInput.FinalResponse);
            return CoapDownloadResult.Error;
        }

        CoapBlockStatus status = CoapBlock.TryFind(options, CoapOptionNumber.Block2, _sizes.IsBert, out CoapBlock block);
        if (status == CoapBlockStatus.Absent && _isFirst && _next == 0)
        {
            block = new CoapBlock(0, false, CoapBlock.BertExponent);
        }
        else if (status != CoapBlockStatus.Present || block.Offset != _next || block.SizeExponent > _exponent)
        {
            return Fail(CoapBlockFailure.UnexpectedBlock);
        }

        if (!block.SuitsPayload(payloadLength))
        {
            return Fail(CoapBlockFailure.PayloadLength);
        }

        if (!_isFirst && !HasSameETag(options))
        {
            return Restart();
        }

        ReadEstimate(options);
        if (_next + payloadLength > _sizes.MaxBody || EstimatedLength > _sizes.MaxBody)
        {
            return Fail(CoapBlockFailure.TooLarge);
        }

        RememberETag(options);
        _isFirst = false;
        Offset = _next;
        _next += payloadLength;
        _exponent = Math.Min(_exponent, block.SizeExponent);
        Advance(block.More ? CoapTransferInput.Block : CoapTransferInput.FinalResponse);
        return block.More ? CoapDownloadResult.Block : CoapDownloadResult.Last;
    }

    /// <summary>[C-132] "The client ... MUST ... compare" the ETag of each block with that of the first: parts of different representations are never put together (section 2.4).</summary>
    private bool HasSameETag(CoapOptions options)
    {
        bool has = options.TryFind(CoapOptionNumber.ETag, out CoapOption option);
        return has == _hasETag && (!has || option.Value.SequenceEqual(((ReadOnlySpan<byte>)_eTag)[.._eTagLength]));
    }

    private void RememberETag(CoapOptions options)
    {
        _hasETag = options.TryFind(CoapOptionNumber.ETag, out CoapOption option) && option.Value.Length <= MaxETagLength;
        if (_hasETag)
        {
            option.Value.CopyTo(_eTag);
            _eTagLength = option.Value.Length;
        }
    }

    private void ReadEstimate(CoapOptions options)
    {
        if (options.TryFind(CoapOptionNumber.Size2, out CoapOption option) && option.TryGetUInt32(out uint length))
        {
            EstimatedLength = length;
        }
    }

    private CoapDownloadResult Restart()
    {
        if (_restarts == _sizes.MaxRestarts)
        {
            return Fail(CoapBlockFailure.TooManyRestarts);
        }

        Advance(CoapTransferInput.Restart);
        _restarts++;
        _isFirst = true;
        _asksFirst = true;
        _next = Offset = _start;
        EstimatedLength = null;
        return CoapDownloadResult.Restart;
    }

    private CoapDownloadResult Fail(CoapBlockFailure failure)
    {
        Advance(CoapTransferInput.Fault);
        Failure = failure;
        return CoapDownloadResult.Failed;
    }

    private void Advance(CoapTransferInput input)
    {
        if (!CoapTransferTransitions.TryNext(State, input, out CoapTransferState next))
        {
            throw new InvalidOperationException($"{input} in {State}.");
        }

        State = next;
    }

    // Specification: RFC 7252 section 5.10.
    private const int MaxETagLength = 8;

    [InlineArray(MaxETagLength)]
    private struct ETagBytes
    {
        private byte _element;
    }
}
