using System;
using System.Buffers;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>
/// The device's handshake (section 16.2): takes whole frames, the time and entropy, gives frames and what it wants next. Does no I/O.
/// </summary>
internal sealed partial class ClientHandshake : IDisposable
{
    private readonly SecureTunnelClientOptions _options;
    private readonly CryptoProvider _crypto;
    private readonly Entropy _entropy;
    private readonly Transcript _transcript = new();
    private readonly KeySchedule _schedule;

    private int _peerMaxRecord;
    private RecordSealer? _sealer;
    private RecordOpener? _opener;
    private RecordOpener? _alertOpener; // s_hs, kept until Accept: an alert of a server that does not accept comes under it

    public ClientHandshake(SecureTunnelClientOptions options, CryptoProvider crypto, Entropy entropy, TunnelTime now)
    {
        _options = options;
        _crypto = crypto;
        _entropy = entropy;
        _schedule = new KeySchedule(crypto);
        Pin = options.Pins!.Current;
        NextDeadline = now.Milliseconds + (long)options.HandshakeTimeout.TotalMilliseconds;
    }

    public ClientState State { get; private set; }

    /// <summary>The pin in use for a full handshake.</summary>
    public SecureTunnelPin Pin { get; }

    /// <summary>The hash of the key that the server has proven to hold, in this session or the one that its ticket came from.</summary>
    public ReadOnlySpan<byte> ServerKeyHash => _ticket is null ? Pin.KeyHash : _ticket.ServerKeyHash;

    /// <summary>True where the session came from a ticket.</summary>
    public bool Resumed => _ticket is not null;

    /// <summary>When <see cref="OnDeadline"/> is due, in milliseconds of the caller's monotonic clock.</summary>
    public long NextDeadline { get; }

    /// <summary>The longest body that the next frame may have [ST-203].</summary>
    public int MaxBody => State is ClientState.WaitServerHello or ClientState.WaitResumption ? ProtocolLimits.MaxServerHello : ProtocolLimits.MaxAuth;

    /// <summary>Why the handshake failed, where it did.</summary>
    public HandshakeFailure Failure { get; private set; }

    /// <summary>Takes a whole frame with its length bytes; its bytes are overwritten.</summary>
    public HandshakeStep OnFrame(Span<byte> frame, IBufferWriter<byte> output) => State switch
    {
        ClientState.WaitServerHello or ClientState.WaitResumption => OnPlainFrame(frame, output),
        ClientState.WaitServerAuth => OnServerAuth(frame, output),
        ClientState.WaitAccept => OnAccept(frame, output),
        _ => Fail(SecureTunnelReason.UnexpectedMessage, SecureTunnelAlert.UnexpectedMessage, output),
    };

    /// <summary>The head of the stream is no frame that this state takes: empty, or too long.</summary>
    public HandshakeStep OnBadFrame(FrameStatus status, IBufferWriter<byte> output) => // [ST-201] [ST-202]
        Fail(SecureTunnelReason.Framing, status == FrameStatus.Empty ? SecureTunnelAlert.Malformed : SecureTunnelAlert.RecordOverflow, output);

    /// <summary>The deadline has passed.</summary>
    public HandshakeStep OnDeadline(IBufferWriter<byte> output) => Fail(SecureTunnelReason.Timeout, SecureTunnelAlert.Timeout, output);

    /// <summary>The stream has ended.</summary>
    public HandshakeStep OnEndOfStream(IBufferWriter<byte> output) => Fail(SecureTunnelReason.EndOfStream, SecureTunnelAlert.None, output);

    /// <summary>The established tunnel, once <see cref="State"/> is Connected. The caller owns it.</summary>
    public TunnelSession TakeSession()
    {
        var session = new TunnelSession(_sealer!, _opener!, _schedule.Exporter, _crypto, _peerMaxRecord);
        _sealer = null;
        _opener = null;
        return session;
    }

    public void Dispose()
    {
        _transcript.Dispose();
        EraseKeys();
    }

    /// <summary>Ends the handshake: an alert for the peer, the reason for the log, and no keys.</summary>
    private HandshakeStep Fail(SecureTunnelReason reason, SecureTunnelAlert alert, IBufferWriter<byte> output)
    {
        if (alert != SecureTunnelAlert.None && State is not (ClientState.Dead or ClientState.Connected or ClientState.Start))
        {
            Span<byte> frame = output.GetSpan(ProtocolLimits.HeaderSize + ProtocolLimits.ProtectedAlertBody);
            output.Advance(AlertWriter.Write(_sealer, alert, frame)); // [ST-322]
        }

        return End(new HandshakeFailure(reason, alert, FromPeer: false));
    }

    private HandshakeStep EndByPeer(SecureTunnelAlert alert) => End(new HandshakeFailure(SecureTunnelReason.AlertFromPeer, alert, FromPeer: true));

    private HandshakeStep End(HandshakeFailure failure)
    {
        if (ClientTransitions.TryNext(State, ClientInput.Failure, out ClientState next))
        {
            Failure = State == ClientState.Dead ? Failure : failure;
            State = next;
            EraseKeys();
        }

        return HandshakeStep.Failed;
    }

    private void EraseKeys() // [ST-403]
    {
        _schedule.Dispose();
        _seed.Dispose();
        _ephemeral?.Dispose();
        _ticket?.Dispose();
        _sealer?.Dispose();
        _opener?.Dispose();
        _alertOpener?.Dispose();
    }

    private void Move(ClientInput input)
    {
        if (!ClientTransitions.TryNext(State, input, out ClientState next))
        {
            throw new InvalidOperationException($"{input} does not belong to {State}.");
        }

        State = next;
    }
}
