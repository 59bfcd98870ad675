namespace Flint.Coap.Tests.Blockwise;

public sealed class TransitionTests
{
    [Fact]
    public void Transfer_EveryStateAndInput_IsAsCommitted() =>
        Transitions.AssertCommitted<CoapTransferState, CoapTransferInput>("transfer", CoapTransferTransitions.TryNext);

    [Fact]
    public void Upload_EveryStateAndInput_IsAsCommitted() =>
        Transitions.AssertCommitted<CoapUploadState, CoapUploadInput>("upload", CoapUploadTransitions.TryNext);
}
