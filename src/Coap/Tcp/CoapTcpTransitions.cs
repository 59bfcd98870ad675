using I = Flint.Coap.CoapTcpInput;
using S = Flint.Coap.CoapTcpState;

namespace Flint.Coap;

/// <summary>The arrows of docs/spec/coap-profile.md section 4.1, one row each.</summary>
internal static class CoapTcpTransitions
{
    /// <returns>False where the input is not allowed in the state: from the peer, a breach of the protocol.</returns>
    public static bool TryNext(S state, I input, out S next)
    {
        S? found = (state, input) switch
        {
            (S.AwaitingCsm, I.Csm) => S.Open,
            (S.AwaitingCsm, I.Abort) => S.Closed,
            (S.AwaitingCsm, I.Fault) => S.Closed,
            (S.AwaitingCsm, I.CloseWanted) => S.Releasing,
            (S.AwaitingCsm, I.EndOfStream) => S.Closed,

            (S.Open, I.Csm) => S.Open,
            (S.Open, I.Message) => S.Open,
            (S.Open, I.Ping) => S.Open,
            (S.Open, I.Pong) => S.Open,
            (S.Open, I.Release) => S.Releasing,
            (S.Open, I.Abort) => S.Closed,
            (S.Open, I.Fault) => S.Closed,
            (S.Open, I.CloseWanted) => S.Releasing,
            (S.Open, I.EndOfStream) => S.Closed,

            (S.Releasing, I.Csm) => S.Releasing,
            (S.Releasing, I.Message) => S.Releasing,
            (S.Releasing, I.Ping) => S.Releasing,
            (S.Releasing, I.Pong) => S.Releasing,
            (S.Releasing, I.Release) => S.Releasing,
            (S.Releasing, I.Abort) => S.Closed,
            (S.Releasing, I.Fault) => S.Closed,
            (S.Releasing, I.CloseWanted) => S.Releasing,
            (S.Releasing, I.Drained) => S.Closed,
            (S.Releasing, I.EndOfStream) => S.Closed,

            _ => null,
        };
        next = found ?? state;
        return found is not null;
    }
}
