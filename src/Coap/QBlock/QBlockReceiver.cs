using System;

namespace Flint.Coap;

/// <summary>What a block means to a <see cref="QBlockReceiver"/>.</summary>
internal enum QBlockReceipt : byte
{
    /// <summary>It does not belong to the body: another size, a number beyond the end, a payload of another length.</summary>
    Fault,

    /// <summary>It was there already.</summary>
    Repeated,

    /// <summary>It is new.</summary>
    Stored,

    /// <summary>It is new, and the body is whole.</summary>
    Complete,
}

/// <summary>
/// Receives a body in sets of MAX_PAYLOADS blocks, in any order, without I/O: a request's body for a server (Q-Block1), a response's for a client (Q-Block2). It says what is missing and
/// when to ask for it; it never holds the body. RFC 9177 section 7.2; docs/spec/coap-profile.md section 13.3.
/// </summary>
internal sealed class QBlockReceiver
{
    private readonly CoapQBlockOptions _options;
    private readonly int _exponent;
    private readonly bool _asksForSets;
    private readonly ulong[] _received;
    private int _count;
    private int _firstMissing;
    private int _highest = -1;
    private int _attempts;
    private int _askedForSet;
    private Ask _ask;
    private bool _isEarlierOnly;
    private TimeSpan? _deadline;

    /// <param name="options">Validated options.</param>
    /// <param name="length">The bytes of the body, as Size1 or Size2 tells: at least one, and within the caller's limit.</param>
    /// <param name="exponent">The size exponent.</param>
    /// <param name="asksForSets">Whether the next set is asked for where nothing of it comes, rather than its blocks: what a client does.</param>
    /// <param name="now">Now.</param>
    public QBlockReceiver(CoapQBlockOptions options, long length, int exponent, bool asksForSets, TimeSpan now)
    {
        _options = options;
        _asksForSets = asksForSets;
        _exponent = exponent;
        Length = length;
        Blocks = QBlocks.CountOf(length, exponent);
        _received = new ulong[(Blocks + 63) / 64];
        _deadline = now + options.NonReceiveTimeout;
    }

    public QBlockReceiverState State { get; private set; }

    public long Length { get; }

    public int Blocks { get; }

    /// <summary>When <see cref="OnDeadline"/> is to be called; null at the end.</summary>
    public TimeSpan? NextDeadline => _deadline;

    /// <summary>[C-150] Takes a block. Where it is new, the caller writes its payload at <see cref="CoapBlock.Offset"/>.</summary>
    public QBlockReceipt OnBlock(CoapBlock block, int payloadLength, TimeSpan now)
    {
        bool isLast = block.Number == Blocks - 1;
        if (State == QBlockReceiverState.Ended || block.SizeExponent != _exponent || block.Number >= Blocks || block.More == isLast
            || payloadLength != (isLast ? Length - block.Offset : block.Size))
        {
            return QBlockReceipt.Fault;
        }

        ref ulong word = ref _received[block.Number / 64];
        ulong bit = 1ul << (block.Number % 64);
        if ((word & bit) != 0)
        {
            Advance(QBlockReceiverInput.Repeated);
            return QBlockReceipt.Repeated;
        }

        word |= bit;
        _count++;
        _attempts = 0;
        _highest = Math.Max(_highest, block.Number);
        while (_firstMissing < Blocks && Has(_firstMissing))
        {
            _firstMissing++;
        }

        if (_count == Blocks)
        {
            Advance(QBlockReceiverInput.LastBlock);
            _ask = Ask.Nothing;
            _deadline = now + _options.AnswerTimeout;
            return QBlockReceipt.Complete;
        }

        Advance(QBlockReceiverInput.Block);
        _deadline = now + _options.NonReceiveTimeout;
        DecideToAsk(block.Number / _options.MaxPayloads);
        return QBlockReceipt.Stored;
    }

    /// <summary>Asks once more for what is missing, or gives up.</summary>
    public void OnDeadline(TimeSpan now)
    {
        if (_deadline is not TimeSpan due || now < due)
        {
            return;
        }

        if (State == QBlockReceiverState.Complete)
        {
            Advance(QBlockReceiverInput.Expired);
            _deadline = null;
        }
        else if (_attempts == _options.NonMaxRetransmit)
        {
            Advance(QBlockReceiverInput.Exhausted);
            _deadline = null;
        }
        else
        {
            Advance(QBlockReceiverInput.AskTimer);
            _attempts++;
            _ask = Ask.Missing;
            _deadline = now + (_options.NonReceiveTimeout * (1 << _attempts));
        }
    }

    /// <summary>Gives what the other side is to be told: that all blocks before a number are there, or which ones are not.</summary>
    /// <param name="next">The first block of the next set, where all before it are there.</param>
    /// <param name="missing">At least MAX_PAYLOADS places.</param>
    /// <param name="count">How many are missing; 0 where <paramref name="next"/> is to be told.</param>
    /// <returns>False where there is nothing to tell.</returns>
    public bool TryTakeAsk(out int next, Span<int> missing, out int count)
    {
        Ask ask = _ask;
        _ask = Ask.Nothing;
        next = _firstMissing;
        count = 0;
        if (ask == Ask.Missing && !(_asksForSets && IsAtEndOfSet))
        {
            // Up to the end of the newest set: what lies behind was perhaps not sent yet.
            int end = Math.Min(Blocks, ((Math.Max(_highest, _firstMissing) / _options.MaxPayloads) + 1) * _options.MaxPayloads);
            end = _isEarlierOnly ? Math.Min(end, _highest / _options.MaxPayloads * _options.MaxPayloads) : end;
            for (int number = _firstMissing; number < end && count < _options.MaxPayloads; number++)
            {
                if (!Has(number))
                {
                    missing[count++] = number;
                }
            }
        }

        _isEarlierOnly = false;
        return ask != Ask.Nothing;
    }

    /// <summary>Whether everything up to the end of a set is there, and nothing behind.</summary>
    private bool IsAtEndOfSet => _firstMissing > _highest && _firstMissing % _options.MaxPayloads == 0;

    private void DecideToAsk(int set)
    {
        if (IsAtEndOfSet)
        {
            _ask = Ask.Continue;
        }
        else if (_firstMissing < set * _options.MaxPayloads && set > _askedForSet)
        {
            // A block of the next set has come: what the earlier ones lack is lost (section 7.2).
            _askedForSet = set;
            _isEarlierOnly = true;
            _ask = Ask.Missing;
        }
    }

    private bool Has(int number) => (_received[number / 64] >> (number % 64) & 1) != 0;

    private void Advance(QBlockReceiverInput input)
    {
        if (!QBlockReceiverTransitions.TryNext(State, input, out QBlockReceiverState next))
        {
            throw new InvalidOperationException($"{input} in {State}.");
        }

        State = next;
    }

    private enum Ask : byte
    {
        Nothing,
        Continue,
        Missing,
    }
}
