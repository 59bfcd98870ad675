namespace Flint.Coap.Tests.Observe;

public sealed class TransitionTests
{
    [Fact]
    public void Observation_EveryStateAndInput_IsAsCommitted() =>
        Transitions.AssertCommitted<CoapObservationState, CoapObservationInput>("observation", CoapObservationTransitions.TryNext);

    [Fact]
    public void Observer_EveryStateAndInput_IsAsCommitted() =>
        Transitions.AssertCommitted<CoapObserverState, CoapObserverInput>("observer", CoapObserverTransitions.TryNext);
}
