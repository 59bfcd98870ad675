using System;
using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>
/// The server's handshake (section 16.1): takes whole frames, the time and entropy, gives frames and what it wants next.
/// Does no I/O and holds less than 1 KiB until ClientAuth.
/// </summary>
internal sealed class ServerHandshake : IDisposable
{
    private readonly SecureTunnelServerOptions _options;
    private readonly CryptoProvider _crypto;
    private readonly Entropy _entropy;
    private readonly Transcript _transcript = new();
    private readonly KeySchedule _schedule;
    private readonly byte[] _proof = new byte[2 * ProtocolLimits.HashSize]; // tha ‖ the client_finished received

    [SuppressMessage("Usage", "CA2213", Justification = "The options own their keys.")]
    private SecureTunnelServerKey? _key;
    private byte[] _kem = [];
    private byte[] _retried = [];
    private SecureTunnelSuite _suite;
    private int _peerMaxRecord;
    private AuthMethod _method;
    private RecordSealer? _sealer;
    private RecordOpener? _opener;

    public ServerHandshake(SecureTunnelServerOptions options, CryptoProvider crypto, Entropy entropy, long now)
    {
        _options = options;
        _crypto = crypto;
        _entropy = entropy;
        _schedule = new KeySchedule(crypto);
        NextDeadline = now + (long)options.HelloTimeout.TotalMilliseconds;
    }

    public ServerState State { get; private set; }

    /// <summary>When <see cref="OnDeadline"/> is due, in milliseconds of the caller's monotonic clock [ST-704].</summary>
    public long NextDeadline { get; private set; }

    /// <summary>The longest body that the next frame may have [ST-203] [ST-204].</summary>
    public int MaxBody => State is ServerState.WaitClientHello or ServerState.WaitFullHello ? ProtocolLimits.MaxClientHello : ProtocolLimits.MaxAuth;

    /// <summary>The identity that the device claims, from <see cref="HandshakeStep.FindDevice"/> on; proven once connected.</summary>
    public SecureTunnelDeviceId DeviceId { get; private set; }

    /// <summary>The suite that the device asked for, from ServerHello on.</summary>
    public SecureTunnelSuite Suite => _suite;

    /// <summary>Why the handshake failed, where it did.</summary>
    public HandshakeFailure Failure { get; private set; }

    /// <summary>Takes a whole frame with its length bytes; its bytes are overwritten.</summary>
    public HandshakeStep OnFrame(Span<byte> frame, long now, IBufferWriter<byte> output) => State switch
    {
        ServerState.WaitClientHello or ServerState.WaitFullHello => OnClientHello(frame, now, output),
        ServerState.WaitClientAuth => OnClientAuth(frame, output),
        _ => Fail(SecureTunnelReason.UnexpectedMessage, SecureTunnelAlert.UnexpectedMessage, output),
    };

    /// <summary>The head of the stream is no frame that this state takes: empty, or too long.</summary>
    public HandshakeStep OnBadFrame(FrameStatus status, IBufferWriter<byte> output) => // [ST-201] [ST-202]
        Fail(SecureTunnelReason.Framing, status == FrameStatus.Empty ? SecureTunnelAlert.Malformed : SecureTunnelAlert.RecordOverflow, output);

    /// <summary>The gate lets this handshake use the private key.</summary>
    public HandshakeStep OnPrivateKey(long now, IBufferWriter<byte> output)
    {
        Span<byte> seed = stackalloc byte[ProtocolLimits.HashSize];
        DecryptSeed(seed);
        HandshakeStep step = Answer(seed, now, output);
        CryptographicOperations.ZeroMemory(seed);
        return step;
    }

    /// <summary>The gate is full.</summary>
    public HandshakeStep OnBusy(IBufferWriter<byte> output) => Fail(SecureTunnelReason.Busy, SecureTunnelAlert.Busy, output);

    /// <summary>The deadline has passed.</summary>
    public HandshakeStep OnDeadline(IBufferWriter<byte> output) => Fail(SecureTunnelReason.Timeout, SecureTunnelAlert.Timeout, output);

    /// <summary>The stream has ended.</summary>
    public HandshakeStep OnEndOfStream(IBufferWriter<byte> output) => Fail(SecureTunnelReason.EndOfStream, SecureTunnelAlert.None, output);

    /// <summary>Something of this side broke: a key service, a device store.</summary>
    public HandshakeStep OnInternalError(IBufferWriter<byte> output) => Fail(SecureTunnelReason.Internal, SecureTunnelAlert.Internal, output);

    /// <summary>What the store knows of <see cref="DeviceId"/>; null where it knows nothing.</summary>
    public HandshakeStep OnDevice(SecureTunnelDevice? device, IBufferWriter<byte> output)
    {
        // An unknown device runs the same computations with a PSK that nobody holds. [ST-324]
        Span<byte> pskMix = stackalloc byte[ProtocolLimits.HashSize];
        _entropy.Fill(pskMix, EntropyUse.DummyPsk);
        if (device is not null)
        {
            device.PskMix.CopyTo(pskMix);
        }

        Span<byte> expected = stackalloc byte[ProtocolLimits.HashSize];
        ReadOnlySpan<byte> received = _proof.AsSpan(ProtocolLimits.HashSize);
        _schedule.SetMaster(pskMix);
        CryptographicOperations.ZeroMemory(pskMix);
        _schedule.ClientFinished(_proof.AsSpan(0, ProtocolLimits.HashSize), expected);
        bool proven = CryptographicOperations.FixedTimeEquals(expected, received) & _method == AuthMethod.Psk; // [ST-313] [ST-315]
        if (device is null || !device.IsAllowed || !proven)
        {
            SecureTunnelReason reason = device is null ? SecureTunnelReason.UnknownDevice
                : !proven ? SecureTunnelReason.WrongCredential
                : SecureTunnelReason.DeviceNotAllowed;
            return Fail(reason, SecureTunnelAlert.AccessDenied, output); // [ST-323]
        }

        return AcceptDevice(received, output);
    }

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
        _schedule.Dispose();
        _sealer?.Dispose();
        _opener?.Dispose();
    }

    private HandshakeStep OnClientHello(ReadOnlySpan<byte> frame, long now, IBufferWriter<byte> output)
    {
        WireStatus status = ClientHello.TryRead(frame[ProtocolLimits.HeaderSize..], out ClientHello hello);
        if (status != WireStatus.Ok)
        {
            return Fail(status.ToReason(), status.ToAlert(), output);
        }

        if (!IsConfigured(hello.Suite)) // [ST-101]
        {
            return Fail(SecureTunnelReason.UnsupportedSuite, SecureTunnelAlert.Unsupported, output);
        }

        if (hello.Mode != HandshakeMode.Full)
        {
            return OnTicket(frame, now, output);
        }

        _key = FindKey(hello);
        if (_key is null) // [ST-107]
        {
            return Fail(SecureTunnelReason.UnknownKey, SecureTunnelAlert.UnknownKey, output);
        }

        if (hello.Kem.Length != _key.ModulusLength) // [ST-601]
        {
            return Fail(SecureTunnelReason.MalformedMessage, SecureTunnelAlert.Malformed, output);
        }

        if (!TryMove(ServerInput.FullHello))
        {
            return Fail(SecureTunnelReason.UnexpectedMessage, SecureTunnelAlert.UnexpectedMessage, output);
        }

        _suite = hello.Suite;
        _peerMaxRecord = hello.MaxRecord;
        _kem = hello.Kem.ToArray();
        _transcript.Start(_options.ApplicationContext.Span, _key.KeyHash);
        _transcript.Append(_retried);
        _transcript.Append(frame);
        _schedule.SetEarly(KeySchedule.Zero);
        return HandshakeStep.UsePrivateKey;
    }

    /// <summary>Without tickets every resumption is answered by Retry; the hash of the first hello stays in the transcript.</summary>
    private HandshakeStep OnTicket(ReadOnlySpan<byte> frame, long now, IBufferWriter<byte> output) // [ST-309]
    {
        if (!TryMove(ServerInput.UnusableTicket))
        {
            return Fail(SecureTunnelReason.UnexpectedMessage, SecureTunnelAlert.UnexpectedMessage, output);
        }

        _retried = Retry.Hash(frame);
        Span<byte> retry = output.GetSpan(ProtocolLimits.HeaderSize + Retry.EncodedLength);
        output.Advance(Frame.WriteHeader(retry, Retry.Write(retry[ProtocolLimits.HeaderSize..])));
        NextDeadline = now + (long)_options.HelloTimeout.TotalMilliseconds;
        return HandshakeStep.ReadFrame;
    }

    /// <summary>Section 10: a ciphertext that does not open gives a random seed, by the same path. [ST-602] [ST-603] [ST-604]</summary>
    private void DecryptSeed(Span<byte> seed)
    {
        Span<byte> fallback = stackalloc byte[ProtocolLimits.HashSize];
        Span<byte> opened = stackalloc byte[MaxModulus];
        opened.Clear();
        _entropy.Fill(fallback, EntropyUse.FallbackSeed);
        bool ok = _crypto.TryOaepDecrypt(_key!.PrivateKey, _kem, opened[.._key.ModulusLength], out int written) & written == ProtocolLimits.HashSize;
        int mask = -Convert.ToInt32(ok);
        for (int i = 0; i < seed.Length; i++)
        {
            seed[i] = unchecked((byte)((opened[i] & mask) | (fallback[i] & ~mask)));
        }

        CryptographicOperations.ZeroMemory(opened);
        CryptographicOperations.ZeroMemory(fallback);
    }

    private HandshakeStep Answer(ReadOnlySpan<byte> kemSecret, long now, IBufferWriter<byte> output)
    {
        Span<byte> buffer = output.GetSpan(ProtocolLimits.HeaderSize * 2 + ProtocolLimits.MaxServerHello + ProtocolLimits.MaxAuth);
        int length = WriteServerHello(buffer, default);
        _transcript.Append(buffer[..length]);
        Span<byte> hash = stackalloc byte[ProtocolLimits.HashSize];
        _transcript.Current(hash);
        _schedule.SetHandshake(kemSecret, hash);
        _sealer = new RecordSealer(_crypto, _suite, _schedule.ServerHandshake);
        _opener = new RecordOpener(_crypto, _suite, _schedule.ClientHandshake, ProtocolLimits.MaxAuth);
        length += WriteServerAuth(buffer[length..]);
        output.Advance(length);
        Move(ServerInput.Answered);
        NextDeadline = now + (long)(_suite.IsEphemeral() ? _options.SlowClientAuthTimeout : _options.ClientAuthTimeout).TotalMilliseconds;
        return HandshakeStep.ReadFrame;
    }

    private int WriteServerHello(Span<byte> frame, ReadOnlySpan<byte> kem)
    {
        Span<byte> random = stackalloc byte[ProtocolLimits.RandomSize];
        _entropy.Fill(random, EntropyUse.ServerRandom);
        var hello = new ServerHello { Suite = _suite, Mode = HandshakeMode.Full, MaxRecord = _options.MaxRecord, Random = random, Kem = kem };
        hello.TryWrite(frame[ProtocolLimits.HeaderSize..], out int written);
        return Frame.WriteHeader(frame, written);
    }

    private int WriteServerAuth(Span<byte> frame)
    {
        Span<byte> inner = frame[ProtocolLimits.HeaderSize..];
        int unfinished = ServerAuth.WriteUnfinished(inner, signatureLength: 0);
        _transcript.Append(inner[..unfinished]);
        Span<byte> th2 = stackalloc byte[ProtocolLimits.HashSize];
        _transcript.Current(th2);
        Span<byte> finished = inner.Slice(unfinished, ProtocolLimits.HashSize);
        _schedule.ServerFinished(th2, finished);
        _transcript.Append(finished);
        return _sealer!.SealInPlace(frame, unfinished + ProtocolLimits.HashSize);
    }

    private HandshakeStep OnClientAuth(Span<byte> frame, IBufferWriter<byte> output)
    {
        if (_opener!.TryOpenInner(frame, out Span<byte> inner) != OpenStatus.Ok)
        {
            return Fail(SecureTunnelReason.ClientAuthNotOpened, SecureTunnelAlert.HandshakeFailed, output); // [ST-323]
        }

        if (inner is [(byte)MessageType.Alert, byte code])
        {
            return EndByPeer((SecureTunnelAlert)code);
        }

        WireStatus status = ClientAuth.TryRead(inner, out ClientAuth auth);
        if (status != WireStatus.Ok)
        {
            return Fail(status.ToReason(), status.ToAlert(), output);
        }

        if (auth.Method == AuthMethod.Resumption) // [ST-314]
        {
            return Fail(SecureTunnelReason.MalformedMessage, SecureTunnelAlert.Malformed, output);
        }

        Move(ServerInput.ClientAuth);
        _method = auth.Method;
        DeviceId = new SecureTunnelDeviceId(auth.DeviceId);
        _transcript.Append(inner[..auth.UnfinishedLength]);
        _transcript.Current(_proof);
        auth.Finished.CopyTo(_proof.AsSpan(ProtocolLimits.HashSize));
        return HandshakeStep.FindDevice;
    }

    private HandshakeStep AcceptDevice(ReadOnlySpan<byte> clientFinished, IBufferWriter<byte> output)
    {
        Span<byte> th3 = stackalloc byte[ProtocolLimits.HashSize];
        _transcript.Append(clientFinished);
        _transcript.Current(th3);
        _schedule.SetApplication(th3);
        _sealer!.Dispose();
        _opener!.Dispose();
        _sealer = new RecordSealer(_crypto, _suite, _schedule.ServerApplication);
        _opener = new RecordOpener(_crypto, _suite, _schedule.ClientApplication, _options.MaxRecord);

        Span<byte> nonce = stackalloc byte[ProtocolLimits.TicketNonceSize];
        _entropy.Fill(nonce, EntropyUse.TicketNonce);
        Span<byte> frame = output.GetSpan(ProtocolLimits.HeaderSize + ProtocolLimits.MaxAuth);
        new Accept { TicketNonce = nonce }.TryWrite(frame[ProtocolLimits.HeaderSize..], out int written);
        output.Advance(_sealer.SealInPlace(frame, written));
        Move(ServerInput.DeviceProven);
        return HandshakeStep.Connected;
    }

    private bool IsConfigured(SecureTunnelSuite suite)
    {
        foreach (SecureTunnelSuite configured in _options.Suites)
        {
            if (configured == suite)
            {
                return true;
            }
        }

        return false;
    }

    private SecureTunnelServerKey? FindKey(in ClientHello hello)
    {
        foreach (SecureTunnelServerKey key in _options.Keys)
        {
            if (key.Usage == hello.Suite.KeyUsage() && key.KeyId.SequenceEqual(hello.KeyId)) // [ST-103] [ST-605]
            {
                return key;
            }
        }

        return null;
    }

    /// <summary>Ends the handshake: an alert for the peer, the reason for the log, and no keys.</summary>
    private HandshakeStep Fail(SecureTunnelReason reason, SecureTunnelAlert alert, IBufferWriter<byte> output)
    {
        if (alert != SecureTunnelAlert.None && State is not (ServerState.Dead or ServerState.Connected))
        {
            Span<byte> frame = output.GetSpan(ProtocolLimits.HeaderSize + ProtocolLimits.MaxHint + ProtocolLimits.TagSize);
            output.Advance(AlertWriter.Write(_sealer, alert, frame)); // [ST-322]
        }

        return End(new HandshakeFailure(reason, alert, FromPeer: false));
    }

    private HandshakeStep EndByPeer(SecureTunnelAlert alert) => End(new HandshakeFailure(SecureTunnelReason.AlertFromPeer, alert, FromPeer: true));

    private HandshakeStep End(HandshakeFailure failure)
    {
        if (TryMove(ServerInput.Failure))
        {
            Failure = failure;
            _schedule.Dispose();
            _sealer?.Dispose();
            _opener?.Dispose();
        }

        return HandshakeStep.Failed;
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

    private const int MaxModulus = 512;
}
