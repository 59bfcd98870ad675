using System;
using System.Buffers;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>
/// The device's handshake (section 16.2): takes whole frames, the time and entropy, gives frames and what it wants next. Does no I/O.
/// </summary>
internal sealed class ClientHandshake : IDisposable
{
    private readonly SecureTunnelClientOptions _options;
    private readonly CryptoProvider _crypto;
    private readonly Entropy _entropy;
    private readonly Transcript _transcript = new();
    private readonly KeySchedule _schedule;
    private readonly Secret _seed = new(ProtocolLimits.HashSize);

    private int _peerMaxRecord;
    private RecordSealer? _sealer;
    private RecordOpener? _opener;
    private RecordOpener? _alertOpener; // s_hs, kept until Accept: an alert of a server that does not accept comes under it

    public ClientHandshake(SecureTunnelClientOptions options, CryptoProvider crypto, Entropy entropy, long now)
    {
        _options = options;
        _crypto = crypto;
        _entropy = entropy;
        _schedule = new KeySchedule(crypto);
        Pin = options.Pins!.Current;
        NextDeadline = now + (long)options.HandshakeTimeout.TotalMilliseconds;
    }

    public ClientState State { get; private set; }

    /// <summary>The pin in use.</summary>
    public SecureTunnelPin Pin { get; }

    /// <summary>When <see cref="OnDeadline"/> is due, in milliseconds of the caller's monotonic clock.</summary>
    public long NextDeadline { get; }

    /// <summary>The longest body that the next frame may have [ST-203].</summary>
    public int MaxBody => State is ClientState.WaitServerHello or ClientState.WaitResumption ? ProtocolLimits.MaxServerHello : ProtocolLimits.MaxAuth;

    /// <summary>Why the handshake failed, where it did.</summary>
    public HandshakeFailure Failure { get; private set; }

    /// <summary>Writes ClientHello.</summary>
    public HandshakeStep Begin(IBufferWriter<byte> output)
    {
        Move(ClientInput.BeginFull);
        Span<byte> random = stackalloc byte[ProtocolLimits.RandomSize];
        Span<byte> kem = stackalloc byte[MaxModulus];
        kem = kem[..(Pin.PublicKey.KeySize / 8)];
        _entropy.Fill(random, EntropyUse.ClientRandom);
        _entropy.Fill(_seed.Span, EntropyUse.Seed);
        _crypto.OaepEncrypt(Pin.PublicKey, _seed.Span, kem);
        var hello = new ClientHello
        {
            Suite = _options.Suite,
            MaxRecord = _options.MaxRecord,
            Random = random,
            Mode = HandshakeMode.Full,
            KeyId = Pin.KeyHash[..ProtocolLimits.KeyIdSize],
            Kem = kem,
        };
        Span<byte> frame = output.GetSpan(ProtocolLimits.HeaderSize + ProtocolLimits.MaxClientHello);
        hello.TryWrite(frame[ProtocolLimits.HeaderSize..], out int written);
        int length = Frame.WriteHeader(frame, written);
        _schedule.SetEarly(KeySchedule.Zero);
        _transcript.Start(_options.ApplicationContext.Span, Pin.KeyHash);
        _transcript.Append(frame[..length]);
        output.Advance(length);
        return HandshakeStep.ReadFrame;
    }

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

    private HandshakeStep OnPlainFrame(ReadOnlySpan<byte> frame, IBufferWriter<byte> output)
    {
        ReadOnlySpan<byte> body = frame[ProtocolLimits.HeaderSize..];
        switch ((MessageType)body[0])
        {
            case MessageType.ServerHello:
                return OnServerHello(frame, output);
            case MessageType.PlainAlert when PlainAlert.TryRead(body, out PlainAlert alert) == WireStatus.Ok:
                return EndByPeer(alert.Code); // [ST-310]
            case MessageType.PlainAlert:
                return Fail(SecureTunnelReason.MalformedMessage, SecureTunnelAlert.Malformed, output);
            default:
                return Fail(SecureTunnelReason.UnexpectedMessage, SecureTunnelAlert.UnexpectedMessage, output); // [ST-205] [ST-309]
        }
    }

    private HandshakeStep OnServerHello(ReadOnlySpan<byte> frame, IBufferWriter<byte> output)
    {
        WireStatus status = ServerHello.TryRead(frame[ProtocolLimits.HeaderSize..], out ServerHello hello);
        if (status != WireStatus.Ok)
        {
            return Fail(status.ToReason(), status.ToAlert(), output);
        }

        if (hello.Suite != _options.Suite || hello.Mode != HandshakeMode.Full || !hello.Kem.IsEmpty) // [ST-307] [ST-308]
        {
            return Fail(SecureTunnelReason.MalformedMessage, SecureTunnelAlert.Malformed, output);
        }

        _peerMaxRecord = hello.MaxRecord;
        _transcript.Append(frame);
        Span<byte> th1 = stackalloc byte[ProtocolLimits.HashSize];
        _transcript.Current(th1);
        _schedule.SetHandshake(_seed.Span, th1);
        CryptographicOperations.ZeroMemory(_seed.Span); // [ST-403]
        _sealer = new RecordSealer(_crypto, _options.Suite, _schedule.ClientHandshake);
        _opener = new RecordOpener(_crypto, _options.Suite, _schedule.ServerHandshake, ProtocolLimits.MaxAuth);
        Move(ClientInput.ServerHello);
        return HandshakeStep.ReadFrame;
    }

    private HandshakeStep OnServerAuth(Span<byte> frame, IBufferWriter<byte> output)
    {
        if (_opener!.TryOpenInner(frame, out Span<byte> inner) != OpenStatus.Ok)
        {
            return Fail(SecureTunnelReason.ServerNotAuthenticated, SecureTunnelAlert.HandshakeFailed, output); // [ST-312]
        }

        if (inner is [(byte)MessageType.Alert, byte code])
        {
            return EndByPeer((SecureTunnelAlert)code);
        }

        WireStatus status = ServerAuth.TryRead(inner, out ServerAuth auth);
        if (status != WireStatus.Ok)
        {
            return Fail(status.ToReason(), status.ToAlert(), output);
        }

        if (!auth.Signature.IsEmpty) // [ST-311]
        {
            return Fail(SecureTunnelReason.MalformedMessage, SecureTunnelAlert.Malformed, output);
        }

        _transcript.Append(inner[..auth.UnfinishedLength]);
        Span<byte> th2 = stackalloc byte[ProtocolLimits.HashSize];
        Span<byte> expected = stackalloc byte[ProtocolLimits.HashSize];
        _transcript.Current(th2);
        _schedule.ServerFinished(th2, expected);
        if (!CryptographicOperations.FixedTimeEquals(expected, auth.Finished)) // [ST-312]
        {
            return Fail(SecureTunnelReason.ServerNotAuthenticated, SecureTunnelAlert.HandshakeFailed, output);
        }

        _transcript.Append(auth.Finished);
        Move(ClientInput.ServerAuth);
        WriteClientAuth(output);
        return HandshakeStep.ReadFrame;
    }

    private void WriteClientAuth(IBufferWriter<byte> output)
    {
        Span<byte> frame = output.GetSpan(ProtocolLimits.HeaderSize + ProtocolLimits.MaxAuth);
        Span<byte> inner = frame[ProtocolLimits.HeaderSize..];
        int unfinished = ClientAuth.WriteUnfinished(inner, AuthMethod.Psk, _options.DeviceId.Span, auth: default);
        _transcript.Append(inner[..unfinished]);
        Span<byte> hash = stackalloc byte[ProtocolLimits.HashSize];
        _transcript.Current(hash);
        _schedule.SetMaster(_options.Credential!.PskMix);
        Span<byte> finished = inner.Slice(unfinished, ProtocolLimits.HashSize);
        _schedule.ClientFinished(hash, finished);
        _transcript.Append(finished);
        output.Advance(_sealer!.SealInPlace(frame, unfinished + ProtocolLimits.HashSize));

        _transcript.Current(hash);
        _schedule.SetApplication(hash);
        _sealer.Dispose();
        _alertOpener = _opener;
        _sealer = new RecordSealer(_crypto, _options.Suite, _schedule.ClientApplication);
        _opener = new RecordOpener(_crypto, _options.Suite, _schedule.ServerApplication, ProtocolLimits.MaxAuth);
    }

    private HandshakeStep OnAccept(Span<byte> frame, IBufferWriter<byte> output)
    {
        // A server that does not accept cannot derive s_ap: its alert comes under s_hs, and only an alert has this length. [ST-322]
        bool isAlert = frame.Length == ProtocolLimits.HeaderSize + ProtocolLimits.ProtectedAlertBody;
        RecordOpener opener = isAlert ? _alertOpener! : _opener!;
        if (opener.TryOpenInner(frame, out Span<byte> inner) != OpenStatus.Ok)
        {
            return Fail(SecureTunnelReason.RecordNotOpened, SecureTunnelAlert.RecordFailed, output); // [ST-502]
        }

        if (isAlert && inner[0] == (byte)MessageType.Alert)
        {
            return EndByPeer((SecureTunnelAlert)inner[1]);
        }

        WireStatus status = Accept.TryRead(inner, out Accept _);
        if (status != WireStatus.Ok)
        {
            return Fail(status.ToReason(), status.ToAlert(), output);
        }

        _opener!.MaxRecord = _options.MaxRecord;
        _alertOpener!.Dispose();
        Move(ClientInput.Accept); // [ST-317]
        return HandshakeStep.Connected;
    }

    /// <summary>Ends the handshake: an alert for the peer, the reason for the log, and no keys.</summary>
    private HandshakeStep Fail(SecureTunnelReason reason, SecureTunnelAlert alert, IBufferWriter<byte> output)
    {
        if (alert != SecureTunnelAlert.None && State is not (ClientState.Dead or ClientState.Connected or ClientState.Start))
        {
            Span<byte> frame = output.GetSpan(ProtocolLimits.HeaderSize + ProtocolLimits.MaxHint + ProtocolLimits.TagSize);
            output.Advance(AlertWriter.Write(_sealer, alert, frame)); // [ST-322]
        }

        return End(new HandshakeFailure(reason, alert, FromPeer: false));
    }

    private HandshakeStep EndByPeer(SecureTunnelAlert alert) => End(new HandshakeFailure(SecureTunnelReason.AlertFromPeer, alert, FromPeer: true));

    private HandshakeStep End(HandshakeFailure failure)
    {
        if (ClientTransitions.TryNext(State, ClientInput.Failure, out ClientState next))
        {
            State = next;
            Failure = failure;
            EraseKeys();
        }

        return HandshakeStep.Failed;
    }

    private void EraseKeys()
    {
        _schedule.Dispose();
        _seed.Dispose();
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

    private const int MaxModulus = 512;
}
