namespace Flint.Coap;

/// <summary>What can happen to an observation.</summary>
internal enum CoapObservationInput : byte
{
    Notification,
    LastResponse,
    RenewTimer,
    Deregister,
    Failed,
}

/// <summary>The arrows of the figure in docs/spec/coap-profile.md section 11.2.</summary>
internal static class CoapObservationTransitions
{
    public static bool TryNext(CoapObservationState state, CoapObservationInput input, out CoapObservationState next)
    {
        CoapObservationState? to = (state, input) switch
        {
            (CoapObservationState.Registering, CoapObservationInput.Notification) => CoapObservationState.Observing,
            (CoapObservationState.Registering, CoapObservationInput.LastResponse) => CoapObservationState.Ended,
            (CoapObservationState.Registering, CoapObservationInput.Deregister) => CoapObservationState.Deregistering,
            (CoapObservationState.Registering, CoapObservationInput.Failed) => CoapObservationState.Ended,
            (CoapObservationState.Observing, CoapObservationInput.Notification) => CoapObservationState.Observing,
            (CoapObservationState.Observing, CoapObservationInput.LastResponse) => CoapObservationState.Ended,
            (CoapObservationState.Observing, CoapObservationInput.RenewTimer) => CoapObservationState.Renewing,
            (CoapObservationState.Observing, CoapObservationInput.Deregister) => CoapObservationState.Deregistering,
            (CoapObservationState.Observing, CoapObservationInput.Failed) => CoapObservationState.Ended,
            (CoapObservationState.Renewing, CoapObservationInput.Notification) => CoapObservationState.Observing,
            (CoapObservationState.Renewing, CoapObservationInput.LastResponse) => CoapObservationState.Ended,
            (CoapObservationState.Renewing, CoapObservationInput.Deregister) => CoapObservationState.Deregistering,
            (CoapObservationState.Renewing, CoapObservationInput.Failed) => CoapObservationState.Ended,
            (CoapObservationState.Deregistering, CoapObservationInput.Notification) => CoapObservationState.Deregistering,
            (CoapObservationState.Deregistering, CoapObservationInput.LastResponse) => CoapObservationState.Ended,
            (CoapObservationState.Deregistering, CoapObservationInput.Failed) => CoapObservationState.Ended,
            _ => null,
        };
        next = to.GetValueOrDefault(state);
        return to.HasValue;
    }
}
