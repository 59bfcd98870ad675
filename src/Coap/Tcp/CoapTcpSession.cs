using System;
using System.Globalization;
using System.Text;

namespace Flint.Coap;

/// <summary>
/// The signalling of one connection, without I/O (RFC 8323 section 5): it is told what the peer sent, and says what follows.
/// It is not thread-safe; <see cref="CoapConnection"/> guards it.
/// </summary>
internal sealed class CoapTcpSession(int maxMessageSize, bool allowMissingCsm)
{
    private bool _peerReleased;
    private bool _peerBlockWise;
    private bool _peerTakesLarge;

    public CoapTcpState State { get; private set; }

    /// <summary>The largest message that may be sent: the peer's Max-Message-Size, clamped to our own so that no peer makes us build larger ones.</summary>
    public int SendLimit { get; private set; } = Math.Min(maxMessageSize, CoapTcpLimits.BaseMaxMessageSize);

    /// <summary>The peer declared Block-Wise-Transfer, and a Max-Message-Size above the base value: it takes several blocks in a message (RFC 8323 section 5.3.2).</summary>
    public bool PeerTakesBert { get; private set; }

    /// <summary>The peer's settings are known: its CSM has come, or it sends none.</summary>
    public bool HasPeerSettings => State != CoapTcpState.AwaitingCsm;

    /// <summary>Why the connection ended, once it has.</summary>
    public CoapError? EndReason { get; private set; }

    /// <summary>For people: what the peer or this side said when it ended.</summary>
    public string EndDiagnostic { get; private set; } = "";

    /// <summary>The CSM option that the Abort names, where that is the fault.</summary>
    public CoapOptionNumber? BadCsmOption { get; private set; }

    /// <summary>The peer's next message.</summary>
    /// <returns>What to do: <see cref="CoapTcpAction.SendAbort"/> where the message breaks the protocol.</returns>
    public CoapTcpAction OnMessage(in CoapTcpMessageReader message)
    {
        CoapTcpInput input = message.Code switch
        {
            CoapCode.Csm => CoapTcpInput.Csm,
            CoapCode.Ping => CoapTcpInput.Ping,
            CoapCode.Pong => CoapTcpInput.Pong,
            CoapCode.Release => CoapTcpInput.Release,
            CoapCode.Abort => CoapTcpInput.Abort,
            _ => CoapTcpInput.Message,
        };
        if (State == CoapTcpState.AwaitingCsm && allowMissingCsm && input is not CoapTcpInput.Csm and not CoapTcpInput.Abort)
        {
            // A peer of old that sends no CSM has the base values.
            Go(CoapTcpInput.Csm);
        }

        if (!CoapTcpTransitions.TryNext(State, input, out _))
        {
            return Fault($"{message.Code.ToDotted()} before the CSM (RFC 8323 section 5.3)");
        }

        if (message.Code.IsSignalling() && input != CoapTcpInput.Abort && TryFindCritical(message, out CoapOptionNumber critical))
        {
            // RFC 8323 section 5.2: "If a Signaling Option is critical and not understood by the receiver, it MUST abort the connection".
            BadCsmOption = input == CoapTcpInput.Csm ? critical : null;
            return Fault(string.Create(CultureInfo.InvariantCulture, $"critical option {(int)critical} in {message.Code.ToDotted()} is not understood"));
        }

        if (input == CoapTcpInput.Abort)
        {
            EndDiagnostic = Encoding.UTF8.GetString(message.Payload[..Math.Min(message.Payload.Length, MaxDiagnosticLength)]);
            EndReason ??= CoapError.AbortedByPeer;
        }

        if (input == CoapTcpInput.Csm)
        {
            ApplyCsm(message);
        }

        _peerReleased |= input == CoapTcpInput.Release;
        Go(input);
        return input switch
        {
            CoapTcpInput.Ping => CoapTcpAction.SendPong,
            CoapTcpInput.Pong => CoapTcpAction.CompletePing,
            CoapTcpInput.Abort => CoapTcpAction.Close,
            CoapTcpInput.Message when message.Code.IsRequest() => CoapTcpAction.Handle,
            CoapTcpInput.Message when message.Code.IsResponse() => CoapTcpAction.CompleteRequest,
            _ => CoapTcpAction.None,
        };
    }

    /// <summary>The stream is malformed, or its peer too slow with the CSM.</summary>
    public CoapTcpAction OnFault(string diagnostic) => State == CoapTcpState.Closed ? CoapTcpAction.None : Fault(diagnostic);

    /// <summary>This side wants to end.</summary>
    public CoapTcpAction OnCloseWanted()
    {
        bool first = State is CoapTcpState.AwaitingCsm or CoapTcpState.Open;
        Go(CoapTcpInput.CloseWanted);
        return first ? CoapTcpAction.SendRelease : CoapTcpAction.None;
    }

    /// <summary>Nothing is under way. After the peer's Release that is the end; after our own the peer ends the transport.</summary>
    public void OnDrained()
    {
        if (State == CoapTcpState.Releasing && _peerReleased)
        {
            EndReason ??= CoapError.Released;
            Go(CoapTcpInput.Drained);
        }
    }

    /// <summary>The transport ended. After a Release that is as it should be.</summary>
    public void OnEndOfStream(string diagnostic)
    {
        if (State != CoapTcpState.Closed)
        {
            EndReason ??= State == CoapTcpState.Releasing ? CoapError.Released : CoapError.ConnectionLost;
            EndDiagnostic = diagnostic;
            Go(CoapTcpInput.EndOfStream);
        }
    }

    private CoapTcpAction Fault(string diagnostic)
    {
        EndReason ??= CoapError.ProtocolViolation;
        EndDiagnostic = diagnostic;
        Go(CoapTcpInput.Fault);
        return CoapTcpAction.SendAbort;
    }

    private void Go(CoapTcpInput input)
    {
        if (CoapTcpTransitions.TryNext(State, input, out CoapTcpState next))
        {
            State = next;
        }
    }

    private void ApplyCsm(in CoapTcpMessageReader message)
    {
        // Section 5.3: settings are cumulative; what a CSM does not name keeps its value. "If a Max-Message-Size Option is indicated with a value that is greater than 1152 (in the same or a
        // different CSM), the Block-Wise-Transfer Option also indicates support for BERT" (section 5.3.2).
        foreach (CoapOption option in message.Options)
        {
            if (option.Number == CoapSignallingOption.MaxMessageSize && option.TryGetUInt32(out uint size))
            {
                SendLimit = (int)Math.Min((uint)maxMessageSize, size);
                _peerTakesLarge = size > CoapTcpLimits.BaseMaxMessageSize;
            }
            else if (option.Number == CoapSignallingOption.BlockWiseTransfer)
            {
                _peerBlockWise = true;
            }
        }

        PeerTakesBert = _peerBlockWise && _peerTakesLarge;
    }

    /// <summary>No signalling option that is defined so far is critical.</summary>
    private static bool TryFindCritical(in CoapTcpMessageReader message, out CoapOptionNumber critical)
    {
        foreach (CoapOption option in message.Options)
        {
            if (option.Number.IsCritical())
            {
                critical = option.Number;
                return true;
            }
        }

        critical = default;
        return false;
    }

    private const int MaxDiagnosticLength = 256;
}
