namespace Flint.Coap;

/// <summary>Where a server stands with one observer (docs/spec/coap-profile.md section 11.3).</summary>
internal enum CoapObserverState : byte
{
    Unregistered,
    Current,
    Pending,
    Transmitting,
    Superseding,
}

/// <summary>What can happen to an observer.</summary>
internal enum CoapObserverInput : byte
{
    Register,
    Change,
    SendNon,
    SendCon,
    Replace,
    Acknowledged,
    AcknowledgedOld,
    End,
}

/// <summary>The arrows of the figure in docs/spec/coap-profile.md section 11.3.</summary>
internal static class CoapObserverTransitions
{
    public static bool TryNext(CoapObserverState state, CoapObserverInput input, out CoapObserverState next)
    {
        CoapObserverState? to = (state, input) switch
        {
            (CoapObserverState.Unregistered, CoapObserverInput.Register) => CoapObserverState.Current,
            (CoapObserverState.Current, CoapObserverInput.Register) => CoapObserverState.Current,
            (CoapObserverState.Current, CoapObserverInput.Change) => CoapObserverState.Pending,
            (CoapObserverState.Current, CoapObserverInput.End) => CoapObserverState.Unregistered,
            (CoapObserverState.Pending, CoapObserverInput.Register) => CoapObserverState.Pending,
            (CoapObserverState.Pending, CoapObserverInput.Change) => CoapObserverState.Pending,
            (CoapObserverState.Pending, CoapObserverInput.SendNon) => CoapObserverState.Current,
            (CoapObserverState.Pending, CoapObserverInput.SendCon) => CoapObserverState.Transmitting,
            (CoapObserverState.Pending, CoapObserverInput.End) => CoapObserverState.Unregistered,
            (CoapObserverState.Transmitting, CoapObserverInput.Register) => CoapObserverState.Transmitting,
            (CoapObserverState.Transmitting, CoapObserverInput.Change) => CoapObserverState.Superseding,
            (CoapObserverState.Transmitting, CoapObserverInput.Acknowledged) => CoapObserverState.Current,
            (CoapObserverState.Transmitting, CoapObserverInput.AcknowledgedOld) => CoapObserverState.Pending,
            (CoapObserverState.Transmitting, CoapObserverInput.End) => CoapObserverState.Unregistered,
            (CoapObserverState.Superseding, CoapObserverInput.Register) => CoapObserverState.Superseding,
            (CoapObserverState.Superseding, CoapObserverInput.Change) => CoapObserverState.Superseding,
            (CoapObserverState.Superseding, CoapObserverInput.Replace) => CoapObserverState.Transmitting,
            (CoapObserverState.Superseding, CoapObserverInput.Acknowledged) => CoapObserverState.Pending,
            (CoapObserverState.Superseding, CoapObserverInput.AcknowledgedOld) => CoapObserverState.Pending,
            (CoapObserverState.Superseding, CoapObserverInput.End) => CoapObserverState.Unregistered,
            _ => null,
        };
        next = to.GetValueOrDefault(state);
        return to.HasValue;
    }
}
