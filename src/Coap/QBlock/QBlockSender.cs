using System;

namespace Flint.Coap;

/// <summary>
/// Sends a body in sets of MAX_PAYLOADS blocks, without I/O: a request's body for a client (Q-Block1), a response's for a server (Q-Block2). It says which block goes next and when; it never
/// holds the body. RFC 9177 section 7.2; docs/spec/coap-profile.md section 13.2.
/// </summary>
internal sealed class QBlockSender
{
    private readonly CoapQBlockOptions _options;
    private readonly TimeSpan _pause;
    private readonly bool _repeatsLast;
    private readonly int _exponent;
    private readonly int[] _missing;
    private int _missingHead;
    private int _missingCount;
    private int _next;
    private int _setEnd;
    private int _attempts;
    private long _resent;
    private TimeSpan? _deadline;

    /// <param name="options">Validated options.</param>
    /// <param name="length">The bytes of the body: at least one.</param>
    /// <param name="exponent">The size exponent.</param>
    /// <param name="chance">Where NON_TIMEOUT_RANDOM lies between its bounds, 0 to 1.</param>
    /// <param name="repeatsLast">Whether the last block is sent again where nobody answers: only a request wants an answer.</param>
    /// <param name="start">The first block, where the body is not sent from its beginning; behind the last: only what is missing is sent.</param>
    public QBlockSender(CoapQBlockOptions options, long length, int exponent, double chance, bool repeatsLast, int start = 0)
    {
        _options = options;
        _exponent = exponent;
        _repeatsLast = repeatsLast;
        _pause = options.NonTimeout * (1 + ((options.RandomFactor - 1) * chance));
        _missing = new int[options.MaxPayloads];
        Length = length;
        Blocks = QBlocks.CountOf(length, exponent);
        _next = Math.Min(start, Blocks);
        _setEnd = EndOfSet(_next);
    }

    public QBlockSenderState State { get; private set; }

    public long Length { get; }

    public int Blocks { get; }

    public int Exponent => _exponent;

    /// <summary>When <see cref="OnDeadline"/> is to be called; null while there is something to be taken, and at the end.</summary>
    public TimeSpan? NextDeadline => _deadline;

    /// <summary>Gives the next block to send.</summary>
    /// <param name="now">Now.</param>
    /// <param name="block">The option's value.</param>
    /// <param name="wasMissing">Whether the other side has asked for it, or it is repeated.</param>
    /// <returns>False where nothing is to be sent now.</returns>
    public bool TryTake(TimeSpan now, out CoapBlock block, out bool wasMissing)
    {
        block = default;
        wasMissing = false;
        if (State != QBlockSenderState.Sending)
        {
            return false;
        }

        if (_missingCount == 0 && _next == _setEnd)
        {
            Rest(now);
            return false;
        }

        wasMissing = _missingCount != 0;
        int number = wasMissing ? TakeMissing() : _next++;
        block = new CoapBlock(number, number != Blocks - 1, _exponent);
        if (_missingCount == 0 && _next == _setEnd)
        {
            Rest(now);
        }

        return true;
    }

    /// <summary>The other side has all blocks before <paramref name="number"/> (2.31, or Q-Block2 with M set): the pause is over.</summary>
    public void OnContinue(int number)
    {
        _attempts = 0;
        if (State == QBlockSenderState.Pausing && number >= _next)
        {
            Advance(QBlockSenderInput.Continue);
            BeginSet();
        }
    }

    /// <summary>As <see cref="OnContinue"/>; where the set that is asked for was sent already and perhaps lost, it is sent again. That is how a client asks, who has no other word for it.</summary>
    public void OnContinueOrAgain(int number)
    {
        if (number >= _next || State == QBlockSenderState.Sending)
        {
            OnContinue(number);
            return;
        }

        Span<int> set = stackalloc int[Math.Min(_missing.Length, _next - number)];
        for (int i = 0; i < set.Length; i++)
        {
            set[i] = number + i;
        }

        OnMissing(set);
    }

    /// <summary>The other side lacks blocks. Those that were sent go first, before the rest of the set (section 7.2); one that was not yet sent ends the pause.</summary>
    /// <param name="numbers">Ascending. More than MAX_PAYLOADS of them are not remembered: they are asked for again.</param>
    public void OnMissing(ReadOnlySpan<int> numbers)
    {
        _attempts = 0;
        if (State == QBlockSenderState.Ended)
        {
            return;
        }

        if (_resent > MaxResent)
        {
            End(QBlockSenderInput.Exhausted);
            return;
        }

        bool wantsMore = false;
        int before = _missingCount;
        foreach (int number in numbers)
        {
            wantsMore |= number >= _next && number < Blocks;
            if (number >= 0 && number < _next && _missingCount < _missing.Length && !IsMissing(number))
            {
                _missing[(_missingHead + _missingCount++) % _missing.Length] = number;
                _resent++;
            }
        }

        if (_missingCount != before)
        {
            Advance(QBlockSenderInput.Missing);
            _deadline = null;
        }
        else if (wantsMore && State == QBlockSenderState.Pausing)
        {
            Advance(QBlockSenderInput.Continue);
            BeginSet();
        }
    }

    /// <summary>[C-151] The next set after a pause; the last block once more where nobody has answered; or the end.</summary>
    public void OnDeadline(TimeSpan now)
    {
        if (_deadline is not TimeSpan due || now < due)
        {
            return;
        }

        if (State == QBlockSenderState.Pausing)
        {
            Advance(QBlockSenderInput.PauseTimer);
            BeginSet();
        }
        else if (!_repeatsLast || _attempts == _options.NonMaxRetransmit)
        {
            End(QBlockSenderInput.Exhausted);
        }
        else
        {
            Advance(QBlockSenderInput.SilenceTimer);
            _attempts++;
            _missing[_missingHead] = Blocks - 1;
            _missingCount = 1;
            _deadline = null;
        }
    }

    /// <summary>The body is answered, or given up.</summary>
    public void End()
    {
        if (State != QBlockSenderState.Ended)
        {
            End(QBlockSenderInput.End);
        }
    }

    private void Rest(TimeSpan now)
    {
        if (_next == Blocks)
        {
            Advance(QBlockSenderInput.BodySent);
            _deadline = now + (_repeatsLast ? _options.NonReceiveTimeout * (1 << _attempts) : _options.NonPartialTimeout);
        }
        else
        {
            Advance(QBlockSenderInput.SetSent);
            _deadline = now + _pause;
        }
    }

    private void BeginSet()
    {
        _setEnd = EndOfSet(_next);
        _deadline = null;
    }

    private int EndOfSet(int number) => Math.Min(Blocks, ((number / _options.MaxPayloads) + 1) * _options.MaxPayloads);

    private int TakeMissing()
    {
        int number = _missing[_missingHead];
        _missingHead = (_missingHead + 1) % _missing.Length;
        _missingCount--;
        return number;
    }

    private bool IsMissing(int number)
    {
        for (int i = 0; i < _missingCount; i++)
        {
            if (_missing[(_missingHead + i) % _missing.Length] == number)
            {
                return true;
            }
        }

        return false;
    }

    private void End(QBlockSenderInput input)
    {
        Advance(input);
        _missingCount = 0;
        _deadline = null;
    }

    private void Advance(QBlockSenderInput input)
    {
        if (!QBlockSenderTransitions.TryNext(State, input, out QBlockSenderState next))
        {
            throw new InvalidOperationException($"{input} in {State}.");
        }

        State = next;
    }

    /// <summary>Whoever asks for ever more of what was sent is no receiver: each block goes out nine times on average, at most.</summary>
    private long MaxResent => (8L * Blocks) + 64;
}
