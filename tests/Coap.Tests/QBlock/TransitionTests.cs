namespace Flint.Coap.Tests.QBlock;

public sealed class TransitionTests
{
    [Fact]
    public void Sender_AllStatesAndInputs_AreAsCommitted() =>
        Transitions.AssertCommitted<QBlockSenderState, QBlockSenderInput>("burst-sender", QBlockSenderTransitions.TryNext);

    [Fact]
    public void Receiver_AllStatesAndInputs_AreAsCommitted() =>
        Transitions.AssertCommitted<QBlockReceiverState, QBlockReceiverInput>("burst-receiver", QBlockReceiverTransitions.TryNext);
}
