using System;

namespace Flint.Coap;

/// <summary>
/// The client's side of a request whose body goes in blocks (RFC 7959 section 2.5), without I/O: says which bytes of the body go next, and what the response means. It never
/// holds the body; the caller reads it where it is told to.
/// </summary>
/// <remarks>docs/spec/coap-profile.md section 12.2. Where several requests to one resource are under way at a time, each needs a Request-Tag of its own (RFC 9175 section 3).</remarks>
public sealed class CoapUpload
{
    private readonly CoapBlockSizes _sizes;
    private int _exponent;
    private int _count;
    private int _restarts;
    private CoapBlock? _sent;

    /// <summary>Begins at the start of the body.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size lies outside its range.</exception>
    public CoapUpload(CoapBlockSizes sizes)
    {
        ArgumentNullException.ThrowIfNull(sizes);
        sizes.Validate();
        _sizes = sizes;
        _exponent = sizes.SizeExponent;
    }

    /// <summary>Where the transfer stands.</summary>
    public CoapTransferState State { get; private set; }

    /// <summary>Why it failed.</summary>
    public CoapBlockFailure Failure { get; private set; }

    /// <summary>Where the next bytes begin in the body. It goes back to 0 when the transfer begins anew.</summary>
    public long Offset { get; private set; }

    /// <summary>
    /// Whether the server has acted on blocks by themselves, so that the resource is not any more what it was (RFC 7959 section 2.3). The requests that follow leave out If-Match and If-None-Match: they were met.
    /// A server that collects the body may look at those of any block, and gets them with each.
    /// </summary>
    public bool HasBeenActedOn { get; private set; }

    /// <summary>How many bytes the next request takes at most; it takes all of them unless the body ends before.</summary>
    public int MaxCount => _sizes.PayloadFor(_exponent);

    /// <summary>Takes note of the request that is sent next.</summary>
    /// <param name="count">How many bytes it takes: <see cref="MaxCount"/>, or fewer at the end of the body.</param>
    /// <param name="isLast">Whether the body ends there.</param>
    /// <param name="block">The value of Block1; null where the body goes whole, without the option.</param>
    /// <returns>False where the body is too large for the limit or for the option: the transfer has failed.</returns>
    /// <exception cref="InvalidOperationException">A response is awaited, or the transfer is over.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> does not suit.</exception>
    public bool TrySend(int count, bool isLast, out CoapBlock? block)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxCount);
        if (!isLast)
        {
            ArgumentOutOfRangeException.ThrowIfNotEqual(count, MaxCount);
        }

        block = null;
        int size = 16 << Math.Min(_exponent, CoapBlock.MaxDatagramExponent);
        if (Offset + count > _sizes.MaxBody || Offset / size > CoapBlock.MaxNumber)
        {
            Fail(CoapBlockFailure.TooLarge);
            return false;
        }

        Advance(CoapTransferInput.Send);
        _count = count;
        bool whole = Offset == 0 && isLast;
        _sent = whole ? null : new CoapBlock((int)(Offset / size), !isLast, _exponent);
        block = _sent;
        return true;
    }

    /// <summary>Takes the response to the request that was sent last.</summary>
    /// <param name="code">Its code.</param>
    /// <param name="options">Its options.</param>
    /// <returns>
    /// Where the transfer stands now: <see cref="CoapTransferState.Ready"/> for the next request, which may begin at 0 again; <see cref="CoapTransferState.Completed"/> where this
    /// is the final response, a success or an error; <see cref="CoapTransferState.Failed"/>.
    /// </returns>
    /// <exception cref="InvalidOperationException">No response is awaited.</exception>
    public CoapTransferState OnResponse(CoapCode code, CoapOptions options)
    {
        CoapBlockStatus status = CoapBlock.TryFind(options, CoapOptionNumber.Block1, _sizes.IsBert, out CoapBlock block);
        // A server that asks for smaller blocks may number in either size (section 2.3).
        bool acknowledges = status == CoapBlockStatus.Present && _sent is CoapBlock sent && sent.More
            && (block.Number == sent.Number || block.Offset == sent.Offset) && block.SizeExponent <= sent.SizeExponent;
        switch (code)
        {
            case CoapCode.Continue when acknowledges:
                Continue(block);
                break;
            case CoapCode.Continue:
                Fail(CoapBlockFailure.UnexpectedBlock);
                break;
            case CoapCode.RequestEntityIncomplete when _sent is not null:
                Restart();
                break;
            case CoapCode.RequestEntityTooLarge when status == CoapBlockStatus.Present && block.SizeExponent < _exponent && (Offset == 0 || _sent is not null):
                _exponent = block.SizeExponent;
                Restart();
                break;
            default:
                // Section 2.3: with M clear the server has acted on this block by itself, and waits for the others (figure 8).
                if (code.IsSuccess() && acknowledges)
                {
                    Continue(block);
                    HasBeenActedOn |= !block.More;
                }
                else
                {
                    Advance(CoapTransferInput.FinalResponse);
                }

                break;
        }

        return State;
    }

    /// <summary>Goes on behind what was sent; a smaller size is kept to from here on (section 2.3).</summary>
    private void Continue(CoapBlock block)
    {
        Advance(CoapTransferInput.Block);
        Offset += _count;
        _exponent = Math.Min(_exponent, block.SizeExponent);
    }

    private void Restart()
    {
        if (_restarts == _sizes.MaxRestarts)
        {
            Fail(CoapBlockFailure.TooManyRestarts);
            return;
        }

        Advance(CoapTransferInput.Restart);
        _restarts++;
        Offset = 0;
        HasBeenActedOn = false;
    }

    private void Fail(CoapBlockFailure failure)
    {
        Advance(CoapTransferInput.Fault);
        Failure = failure;
    }

    private void Advance(CoapTransferInput input)
    {
        if (!CoapTransferTransitions.TryNext(State, input, out CoapTransferState next))
        {
            throw new InvalidOperationException($"{input} in {State}.");
        }

        State = next;
    }
}
