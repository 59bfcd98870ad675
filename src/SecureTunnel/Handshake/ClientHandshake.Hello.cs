using System;
using System.Buffers;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>ClientHello, Retry and ServerHello: sections 6.1 to 6.4 and 8.3.</summary>
internal sealed partial class ClientHandshake
{
    private readonly Secret _seed = new(ProtocolLimits.HashSize);
    private EphemeralKey? _ephemeral;
    private DeviceTicket? _ticket;
    private HandshakeMode _mode;
    private byte[] _helloHash = [];

    /// <summary>Writes ClientHello: a resumption where a ticket that still counts is at hand, otherwise a full one.</summary>
    public HandshakeStep Begin(IBufferWriter<byte> output)
    {
        _ticket = _options.Tickets?.Take();
        if (_ticket is not null && (_ticket.Suite != _options.Suite || !_options.Pins!.Holds(_ticket.ServerKeyHash))) // [ST-807]
        {
            _ticket.Dispose();
            _ticket = null;
        }

        return _ticket is null ? BeginFull(retried: default, output) : BeginResume(_ticket, output);
    }

    private HandshakeStep BeginFull(ReadOnlySpan<byte> retried, IBufferWriter<byte> output)
    {
        if (retried.IsEmpty)
        {
            Move(ClientInput.BeginFull);
        }

        Span<byte> random = stackalloc byte[ProtocolLimits.RandomSize];
        Span<byte> kem = stackalloc byte[MaxModulus];
        _mode = HandshakeMode.Full;
        _entropy.Fill(random, EntropyUse.ClientRandom);
        kem = kem[..WriteKem(kem)];
        var hello = new ClientHello
        {
            Suite = _options.Suite,
            MaxRecord = _options.MaxRecord,
            Random = random,
            Mode = HandshakeMode.Full,
            KeyId = Pin.KeyHash[..ProtocolLimits.KeyIdSize],
            Kem = kem,
        };
        Span<byte> frame = WriteFrame(hello, output);
        _schedule.SetEarly();
        _transcript.Start(_options.ApplicationContext.Span, Pin.KeyHash);
        _transcript.Append(retried);
        _transcript.Append(frame);
        output.Advance(frame.Length);
        return HandshakeStep.ReadFrame;
    }

    private HandshakeStep BeginResume(DeviceTicket ticket, IBufferWriter<byte> output)
    {
        Move(ClientInput.BeginResume);
        Span<byte> random = stackalloc byte[ProtocolLimits.RandomSize];
        Span<byte> share = stackalloc byte[ProtocolLimits.PointSize];
        Span<byte> hash = stackalloc byte[ProtocolLimits.HashSize];
        _mode = _options.ResumeWithEphemeral ? HandshakeMode.ResumeEphemeral : HandshakeMode.Resume;
        _entropy.Fill(random, EntropyUse.ClientRandom);
        share = _mode == HandshakeMode.ResumeEphemeral ? share[..WriteShare(share)] : default;
        var hello = new ClientHello
        {
            Suite = _options.Suite,
            MaxRecord = _options.MaxRecord,
            Random = random,
            Mode = _mode,
            Kem = share,
            Ticket = ticket.Ticket,
            Binder = hash,
        };
        Span<byte> frame = WriteFrame(hello, output);
        Span<byte> binder = frame[^ProtocolLimits.HashSize..];
        _schedule.SetEarly(ticket.Secret);
        _transcript.Start(_options.ApplicationContext.Span, KeySchedule.Zero);
        _transcript.Append(frame[..^ProtocolLimits.HashSize]);
        _transcript.Current(hash);
        _schedule.Binder(hash, binder); // [ST-404]
        _transcript.Append(binder);
        _helloHash = Retry.Hash(frame);
        output.Advance(frame.Length);
        return HandshakeStep.ReadFrame;
    }

    private HandshakeStep OnPlainFrame(ReadOnlySpan<byte> frame, IBufferWriter<byte> output)
    {
        ReadOnlySpan<byte> body = frame[ProtocolLimits.HeaderSize..];
        switch ((MessageType)body[0])
        {
            case MessageType.ServerHello:
                return OnServerHello(frame, output);
            case MessageType.Retry when State == ClientState.WaitResumption:
                return OnRetry(body, output);
            case MessageType.PlainAlert when PlainAlert.TryRead(body, out PlainAlert alert) == WireStatus.Ok:
                return EndByPeer(alert.Code); // [ST-310]
            case MessageType.PlainAlert:
                return Fail(SecureTunnelReason.MalformedMessage, SecureTunnelAlert.Malformed, output);
            default:
                return Fail(SecureTunnelReason.UnexpectedMessage, SecureTunnelAlert.UnexpectedMessage, output); // [ST-205] [ST-309]
        }
    }

    private HandshakeStep OnRetry(ReadOnlySpan<byte> body, IBufferWriter<byte> output) // [ST-309]
    {
        WireStatus status = Retry.TryRead(body);
        if (status != WireStatus.Ok)
        {
            return Fail(status.ToReason(), status.ToAlert(), output);
        }

        Move(ClientInput.Retry);
        _ticket!.Dispose();
        _ticket = null;
        _ephemeral?.Dispose();
        _transcript.Reset();
        return BeginFull(_helloHash, output);
    }

    private HandshakeStep OnServerHello(ReadOnlySpan<byte> frame, IBufferWriter<byte> output)
    {
        WireStatus status = ServerHello.TryRead(frame[ProtocolLimits.HeaderSize..], out ServerHello hello);
        if (status != WireStatus.Ok)
        {
            return Fail(status.ToReason(), status.ToAlert(), output);
        }

        bool expectsShare = _mode == HandshakeMode.ResumeEphemeral || (_mode == HandshakeMode.Full && _options.Suite.IsEphemeral());
        if (hello.Suite != _options.Suite || hello.Mode != _mode || hello.Kem.IsEmpty == expectsShare) // [ST-307] [ST-308]
        {
            return Fail(SecureTunnelReason.MalformedMessage, SecureTunnelAlert.Malformed, output);
        }

        if (expectsShare && !_ephemeral!.TryAgree(hello.Kem, _seed.Span)) // [ST-405]
        {
            return Fail(SecureTunnelReason.InvalidShare, SecureTunnelAlert.HandshakeFailed, output);
        }

        _peerMaxRecord = hello.MaxRecord;
        _transcript.Append(frame);
        _transcript.Current(_th1);
        _schedule.SetHandshake(_mode == HandshakeMode.Resume ? KeySchedule.Zero : _seed.Span, _th1);
        CryptographicOperations.ZeroMemory(_seed.Span); // [ST-403]
        _ephemeral?.Dispose();
        _sealer = new RecordSealer(_crypto, _options.Suite, _schedule.ClientHandshake);
        _opener = new RecordOpener(_crypto, _options.Suite, _schedule.ServerHandshake, ProtocolLimits.MaxAuth);
        Move(ClientInput.ServerHello);
        return HandshakeStep.ReadFrame;
    }

    private int WriteKem(Span<byte> destination)
    {
        if (_options.Suite.IsEphemeral())
        {
            return WriteShare(destination);
        }

        int length = Pin.PublicKey.KeySize / 8;
        _entropy.Fill(_seed.Span, EntropyUse.Seed);
        _crypto.OaepEncrypt(Pin.PublicKey, _seed.Span, destination[..length]);
        return length;
    }

    private int WriteShare(Span<byte> destination)
    {
        _ephemeral = _crypto.GenerateEphemeral();
        _ephemeral.WriteShare(destination);
        return ProtocolLimits.PointSize;
    }

    private static Span<byte> WriteFrame(in ClientHello hello, IBufferWriter<byte> output)
    {
        Span<byte> frame = output.GetSpan(ProtocolLimits.HeaderSize + ProtocolLimits.MaxClientHello);
        hello.TryWrite(frame[ProtocolLimits.HeaderSize..], out int written);
        return frame[..Frame.WriteHeader(frame, written)];
    }

    private const int MaxModulus = 512;
}
