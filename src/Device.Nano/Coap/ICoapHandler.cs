namespace Flint.Device.Nano;

/// <summary>What a <see cref="CoapEndpoint"/> gives its messages to. The reader's offsets mean
/// <see cref="CoapEndpoint.Input"/>, and all of it is valid during the call only.</summary>
public interface ICoapHandler
{
    /// <summary>A request. It is answered within the call by <see cref="CoapEndpoint.BeginResponse"/> and <see cref="CoapEndpoint.Complete"/>; unanswered, it gets 5.00.</summary>
    void OnRequest(CoapEndpoint endpoint, CoapReader request);

    /// <summary>The response to the request that <see cref="CoapEndpoint.BeginRequest"/> numbered.</summary>
    void OnResponse(CoapEndpoint endpoint, int requestId, CoapReader response);
}
