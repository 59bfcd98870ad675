using System;

namespace Flint.Coap;

/// <summary>
/// The client's side of an observation (RFC 7641 section 3), without I/O: tells which notification is the newest, and when to register again. It goes with a request that is
/// kept open in a <see cref="CoapMessageLayer"/>, or with a token on a stream.
/// </summary>
/// <remarks>docs/spec/coap-profile.md section 11.2.</remarks>
public sealed class CoapObservation
{
    private readonly EntropySource _entropy;
    private readonly bool _isOrdered;
    private bool _hasSequence;
    private uint _sequence;
    private TimeSpan _received;

    /// <summary>Begins with a request with Observe: 0 under way.</summary>
    /// <param name="entropy">At least 16 unpredictable bytes: they spread the renewals of many clients.</param>
    /// <param name="isOrdered">Whether the transport keeps the order, so that the numbers mean nothing (RFC 8323 section 7.1).</param>
    /// <exception cref="ArgumentOutOfRangeException">There is too little entropy.</exception>
    public CoapObservation(ReadOnlySpan<byte> entropy, bool isOrdered = false)
    {
        _entropy = new EntropySource(entropy);
        _isOrdered = isOrdered;
    }

    /// <summary>Where the observation stands.</summary>
    public CoapObservationState State { get; private set; }

    /// <summary>When <see cref="TryRenew"/> is to be called; null while there is nothing to wait for.</summary>
    public TimeSpan? NextDeadline { get; private set; }

    /// <summary>Takes a response with the token of the observation.</summary>
    /// <returns>Whether it is news, and whether more will come.</returns>
    public CoapNotificationKind OnResponse(CoapMessageReader message, TimeSpan now) =>
        OnResponse(message.Code, message.Options, message.Type == CoapType.Acknowledgement, now);

    /// <summary>Takes a response with the token of the observation from a stream.</summary>
    /// <returns>Whether it is news, and whether more will come.</returns>
    public CoapNotificationKind OnResponse(CoapTcpMessageReader message, TimeSpan now) => OnResponse(message.Code, message.Options, true, now);

    private CoapNotificationKind OnResponse(CoapCode code, CoapOptions options, bool answersLatestRequest, TimeSpan now)
    {
        if (State == CoapObservationState.Ended)
        {
            return CoapNotificationKind.Old;
        }

        // Without the Observe option the client was not added, or is no longer on the list (sections 3.1 and 3.2).
        uint sequence = 0;
        bool goesOn = code.IsSuccess() && options.TryFind(CoapOptionNumber.Observe, out CoapOption observe) && observe.TryGetUInt32(out sequence);
        if (!goesOn)
        {
            Advance(CoapObservationInput.LastResponse);
            NextDeadline = null;
            return CoapNotificationKind.Last;
        }

        if (State == CoapObservationState.Deregistering)
        {
            // By datagrams, a notification that was on its way has taken the place of the answer: the token is free. On a stream the answer still comes.
            Advance(_isOrdered ? CoapObservationInput.Notification : CoapObservationInput.LastResponse);
            return CoapNotificationKind.Old;
        }

        if (!IsNewest(sequence, answersLatestRequest, now))
        {
            if (State == CoapObservationState.Renewing)
            {
                // By its token, it has taken the place of the renewal's answer, which perhaps never reached the server: renewed once more.
                Advance(CoapObservationInput.Notification);
                NextDeadline = now + RenewalDelay();
            }

            return CoapNotificationKind.Old;
        }

        Advance(CoapObservationInput.Notification);
        _hasSequence = true;
        _sequence = sequence;
        _received = now;
        NextDeadline = now + MaxAge(options) + RenewalDelay();
        return CoapNotificationKind.Fresh;
    }

    /// <summary>
    /// Asks whether to register again, at <see cref="NextDeadline"/>: the newest state has outlived its Max-Age by 5 to 15 s (section 3.3.1). The caller then sends
    /// the request once more, with the same token and the same options.
    /// </summary>
    public bool TryRenew(TimeSpan now)
    {
        if (NextDeadline is not TimeSpan deadline || now < deadline)
        {
            return false;
        }

        Advance(CoapObservationInput.RenewTimer);
        NextDeadline = null;
        return true;
    }

    /// <summary>
    /// Begins to end the observation from this side (section 3.6). The caller then sends the request with Observe: 1 and the same token; or just forgets the
    /// token, and lets a reset tell the server.
    /// </summary>
    /// <returns>False where the observation is ending or over.</returns>
    public bool TryDeregister()
    {
        if (!CoapObservationTransitions.TryNext(State, CoapObservationInput.Deregister, out _))
        {
            return false;
        }

        Advance(CoapObservationInput.Deregister);
        NextDeadline = null;
        return true;
    }

    /// <summary>Takes the end of the request without a response: a time-out, a reset, an unreachable peer. The observation is over.</summary>
    public void OnFailed()
    {
        if (State != CoapObservationState.Ended)
        {
            Advance(CoapObservationInput.Failed);
            NextDeadline = null;
        }
    }

    private TimeSpan RenewalDelay() => MinRenewalDelay + new TimeSpan(_entropy.Next((MaxRenewalDelay - MinRenewalDelay).Ticks));

    /// <summary>[C-121] The rule of section 3.4. What answers the latest request by its message id is the newest in any case: a server that has restarted counts anew.</summary>
    private bool IsNewest(uint sequence, bool answersLatestRequest, TimeSpan now) =>
        _isOrdered || !_hasSequence || answersLatestRequest || IsNewer(_sequence, sequence) || now > _received + OrderLifetime;

    /// <summary>"(V1 &lt; V2 and V2 - V1 &lt; 2^23) or (V1 &gt; V2 and V1 - V2 &gt; 2^23)" (section 3.4).</summary>
    internal static bool IsNewer(uint earlier, uint later) =>
        (earlier < later && later - earlier < HalfRange) || (earlier > later && earlier - later > HalfRange);

    private static TimeSpan MaxAge(CoapOptions options) =>
        options.TryFind(CoapOptionNumber.MaxAge, out CoapOption option) && option.TryGetUInt32(out uint seconds) ? TimeSpan.FromSeconds(seconds) : DefaultMaxAge;

    private void Advance(CoapObservationInput input)
    {
        if (!CoapObservationTransitions.TryNext(State, input, out CoapObservationState next))
        {
            throw new InvalidOperationException($"{input} in {State}.");
        }

        State = next;
    }

    // Specification: RFC 7641 sections 3.3.1 and 3.4, RFC 7252 section 5.10.5.
    private const uint HalfRange = 1 << 23;
    private static readonly TimeSpan OrderLifetime = TimeSpan.FromSeconds(128);
    private static readonly TimeSpan DefaultMaxAge = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan MinRenewalDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MaxRenewalDelay = TimeSpan.FromSeconds(15);
}
