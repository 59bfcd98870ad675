using System;
using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>
/// The server's handshake (section 16.1): takes whole frames, the time and entropy, gives frames and what it wants next.
/// Does no I/O.
/// </summary>
internal sealed partial class ServerHandshake : IDisposable
{
    private readonly SecureTunnelServerOptions _options;
    private readonly CryptoProvider _crypto;
    private readonly Entropy _entropy;
    private readonly Transcript _transcript = new();
    private readonly KeySchedule _schedule;

    private int _peerMaxRecord;
    private RecordSealer? _sealer;
    private RecordOpener? _opener;

    public ServerHandshake(SecureTunnelServerOptions options, CryptoProvider crypto, Entropy entropy, TunnelTime now)
    {
        _options = options;
        _crypto = crypto;
        _entropy = entropy;
        _schedule = new KeySchedule(crypto);
        NextDeadline = now.Milliseconds + (long)options.HelloTimeout.TotalMilliseconds;
    }

    public ServerState State { get; private set; }

    /// <summary>When <see cref="OnDeadline"/> is due, in milliseconds of the caller's monotonic clock [ST-704].</summary>
    public long NextDeadline { get; private set; }

    /// <summary>The longest body that the next frame may have [ST-203] [ST-204].</summary>
    public int MaxBody => State is ServerState.WaitClientHello or ServerState.WaitFullHello ? ProtocolLimits.MaxClientHello : ProtocolLimits.MaxAuth;

    /// <summary>The identity that the device claims, from <see cref="HandshakeStep.FindDevice"/> on; proven once connected.</summary>
    public SecureTunnelDeviceId DeviceId { get; private set; }

    /// <summary>The suite that the device asked for, from ServerHello on.</summary>
    public SecureTunnelSuite Suite { get; private set; }

    /// <summary>How the session comes by its keys, from ServerHello on.</summary>
    public HandshakeMode Mode { get; private set; }

    /// <summary>Why the handshake failed, where it did.</summary>
    public HandshakeFailure Failure { get; private set; }

    /// <summary>Takes a whole frame with its length bytes; its bytes are overwritten.</summary>
    public HandshakeStep OnFrame(Span<byte> frame, TunnelTime now, IBufferWriter<byte> output) => State switch
    {
        ServerState.WaitClientHello or ServerState.WaitFullHello => OnClientHello(frame, now, output),
        ServerState.WaitClientAuth => OnClientAuth(frame, output),
        _ => Fail(SecureTunnelReason.UnexpectedMessage, SecureTunnelAlert.UnexpectedMessage, output),
    };

    /// <summary>The head of the stream is no frame that this state takes: empty, or too long.</summary>
    public HandshakeStep OnBadFrame(FrameStatus status, IBufferWriter<byte> output) => // [ST-201] [ST-202]
        Fail(SecureTunnelReason.Framing, status == FrameStatus.Empty ? SecureTunnelAlert.Malformed : SecureTunnelAlert.RecordOverflow, output);

    /// <summary>The gate is full.</summary>
    public HandshakeStep OnBusy(IBufferWriter<byte> output) => Fail(SecureTunnelReason.Busy, SecureTunnelAlert.Busy, output); // [ST-702]

    /// <summary>The deadline has passed.</summary>
    public HandshakeStep OnDeadline(IBufferWriter<byte> output) => Fail(SecureTunnelReason.Timeout, SecureTunnelAlert.Timeout, output);

    /// <summary>The stream has ended.</summary>
    public HandshakeStep OnEndOfStream(IBufferWriter<byte> output) => Fail(SecureTunnelReason.EndOfStream, SecureTunnelAlert.None, output);

    /// <summary>Something of this side broke: a key service, a device store.</summary>
    public HandshakeStep OnInternalError(IBufferWriter<byte> output) => Fail(SecureTunnelReason.Internal, SecureTunnelAlert.Internal, output);

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
        if (alert != SecureTunnelAlert.None && State is not (ServerState.Dead or ServerState.Connected))
        {
            Span<byte> frame = output.GetSpan(ProtocolLimits.HeaderSize + ProtocolLimits.ProtectedAlertBody);
            RecordSealer? sealer = State is ServerState.WaitClientAuth or ServerState.CheckingDevice ? _sealer : null; // a ServerHello that failed half-way was never sent
            output.Advance(AlertWriter.Write(sealer, alert, frame)); // [ST-322]
        }

        return End(new HandshakeFailure(reason, alert, FromPeer: false));
    }

    private HandshakeStep EndByPeer(SecureTunnelAlert alert) => End(new HandshakeFailure(SecureTunnelReason.AlertFromPeer, alert, FromPeer: true));

    private HandshakeStep End(HandshakeFailure failure)
    {
        Failure = State == ServerState.Dead ? Failure : failure;
        TryMove(ServerInput.Failure);
        EraseKeys();
        return HandshakeStep.Failed;
    }

    private void EraseKeys() // [ST-403]
    {
        _schedule.Dispose();
        _sealer?.Dispose();
        _opener?.Dispose();
    }

    private void Move(ServerInput input)
    {
        if (!TryMove(input))
        {
            throw new InvalidOperationException($"{input} does not belong to {State}.");
        }
    }

    private bool TryMove(ServerInput input)
    {
        bool legal = ServerTransitions.TryNext(State, input, out ServerState next);
        State = legal ? next : State;
        return legal;
    }
}
