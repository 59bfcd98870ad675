namespace Flint.Coap;

/// <summary>A message under way (docs/spec/coap-profile.md section 10.2).</summary>
internal enum CoapSendState : byte
{
    Closed,
    RequestQueued,
    RequestTx,
    RequestWaiting,
    ResponseQueued,
    ResponseTx,
    ResponseLeisure,
}

/// <summary>What can happen to a message under way.</summary>
internal enum CoapSendInput : byte
{
    OpenRequest,
    OpenResponse,
    OpenDelayed,
    TransmitConfirmable,
    TransmitNonConfirmable,
    RetransmitTimer,
    EmptyAck,
    Response,
    Notification,
    Reset,
    Exhausted,
    ResponseTimer,
    LeisureTimer,
    Cancel,
    Repeat,
    OpenBody,
}

/// <summary>The arrows of the figure in docs/spec/coap-profile.md section 10.2.</summary>
internal static class CoapSendTransitions
{
    public static bool TryNext(CoapSendState state, CoapSendInput input, out CoapSendState next)
    {
        CoapSendState? to = (state, input) switch
        {
            (CoapSendState.Closed, CoapSendInput.OpenRequest) => CoapSendState.RequestQueued,
            (CoapSendState.Closed, CoapSendInput.OpenResponse) => CoapSendState.ResponseQueued,
            (CoapSendState.Closed, CoapSendInput.OpenDelayed) => CoapSendState.ResponseLeisure,
            (CoapSendState.Closed, CoapSendInput.OpenBody) => CoapSendState.RequestWaiting,
            (CoapSendState.RequestQueued, CoapSendInput.TransmitConfirmable) => CoapSendState.RequestTx,
            (CoapSendState.RequestQueued, CoapSendInput.TransmitNonConfirmable) => CoapSendState.RequestWaiting,
            (CoapSendState.RequestQueued, CoapSendInput.Notification) => CoapSendState.RequestQueued,
            (CoapSendState.RequestQueued, CoapSendInput.ResponseTimer) => CoapSendState.Closed,
            (CoapSendState.RequestQueued, CoapSendInput.Cancel) => CoapSendState.Closed,
            (CoapSendState.RequestTx, CoapSendInput.RetransmitTimer) => CoapSendState.RequestTx,
            (CoapSendState.RequestTx, CoapSendInput.EmptyAck) => CoapSendState.RequestWaiting,
            (CoapSendState.RequestTx, CoapSendInput.Response) => CoapSendState.Closed,
            (CoapSendState.RequestTx, CoapSendInput.Notification) => CoapSendState.RequestWaiting,
            (CoapSendState.RequestTx, CoapSendInput.Reset) => CoapSendState.Closed,
            (CoapSendState.RequestTx, CoapSendInput.Exhausted) => CoapSendState.Closed,
            (CoapSendState.RequestTx, CoapSendInput.ResponseTimer) => CoapSendState.Closed,
            (CoapSendState.RequestTx, CoapSendInput.Cancel) => CoapSendState.Closed,
            (CoapSendState.RequestWaiting, CoapSendInput.Response) => CoapSendState.Closed,
            (CoapSendState.RequestWaiting, CoapSendInput.Notification) => CoapSendState.RequestWaiting,
            (CoapSendState.RequestWaiting, CoapSendInput.Reset) => CoapSendState.Closed,
            (CoapSendState.RequestWaiting, CoapSendInput.ResponseTimer) => CoapSendState.Closed,
            (CoapSendState.RequestWaiting, CoapSendInput.Cancel) => CoapSendState.Closed,
            (CoapSendState.RequestWaiting, CoapSendInput.Repeat) => CoapSendState.RequestQueued,
            (CoapSendState.ResponseQueued, CoapSendInput.TransmitConfirmable) => CoapSendState.ResponseTx,
            (CoapSendState.ResponseQueued, CoapSendInput.Cancel) => CoapSendState.Closed,
            (CoapSendState.ResponseTx, CoapSendInput.RetransmitTimer) => CoapSendState.ResponseTx,
            (CoapSendState.ResponseTx, CoapSendInput.EmptyAck) => CoapSendState.Closed,
            (CoapSendState.ResponseTx, CoapSendInput.Reset) => CoapSendState.Closed,
            (CoapSendState.ResponseTx, CoapSendInput.Exhausted) => CoapSendState.Closed,
            (CoapSendState.ResponseTx, CoapSendInput.Cancel) => CoapSendState.Closed,
            (CoapSendState.ResponseLeisure, CoapSendInput.LeisureTimer) => CoapSendState.Closed,
            (CoapSendState.ResponseLeisure, CoapSendInput.Cancel) => CoapSendState.Closed,
            _ => null,
        };
        next = to.GetValueOrDefault(state);
        return to.HasValue;
    }
}
