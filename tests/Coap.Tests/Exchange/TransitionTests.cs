namespace Flint.Coap.Tests.Exchange;

public sealed class TransitionTests
{
    [Fact]
    public void Send_EveryStateAndInput_IsAsCommitted() =>
        Transitions.AssertCommitted<CoapSendState, CoapSendInput>("send", CoapSendTransitions.TryNext);

    [Fact]
    public void Receive_EveryStateAndInput_IsAsCommitted() =>
        Transitions.AssertCommitted<CoapReceiveState, CoapReceiveInput>("receive", CoapReceiveTransitions.TryNext);
}
