using System;
using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>From ClientHello to ServerAuth: sections 6.1 to 6.5, 8.3 and 10.</summary>
internal sealed partial class ServerHandshake
{
    [SuppressMessage("Usage", "CA2213", Justification = "The options own their keys.")]
    private SecureTunnelServerKey? _key;
    private byte[] _kem = [];
    private byte[] _retried = [];
    private long _firstAuth;
    private byte[] _credentialTag = [];

    /// <summary>The gate lets this handshake use the private key.</summary>
    public HandshakeStep OnPrivateKey(TunnelTime now, IBufferWriter<byte> output)
    {
        if (Suite.IsEphemeral())
        {
            return AnswerEphemeral(_kem, now, output);
        }

        Span<byte> seed = stackalloc byte[ProtocolLimits.HashSize];
        try
        {
            DecryptSeed(seed);
            return Answer(seed, share: default, now, output);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed); // [ST-403]
        }
    }

    private HandshakeStep OnClientHello(ReadOnlySpan<byte> frame, TunnelTime now, IBufferWriter<byte> output) // [ST-325] [ST-701]: all of this before any private key
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

        Suite = hello.Suite;
        Mode = hello.Mode;
        _peerMaxRecord = hello.MaxRecord;
        return hello.Mode == HandshakeMode.Full ? OnFullHello(frame, hello, output) : OnResumeHello(frame, hello, now, output);
    }

    private HandshakeStep OnFullHello(ReadOnlySpan<byte> frame, in ClientHello hello, IBufferWriter<byte> output)
    {
        _key = FindKey(hello);
        if (_key is null) // [ST-107]
        {
            return Fail(SecureTunnelReason.UnknownKey, SecureTunnelAlert.UnknownKey, output);
        }

        if (!Suite.IsEphemeral() && hello.Kem.Length != _key.ModulusLength) // [ST-601]
        {
            return Fail(SecureTunnelReason.MalformedMessage, SecureTunnelAlert.Malformed, output);
        }

        Move(ServerInput.FullHello);
        _kem = hello.Kem.ToArray();
        _transcript.Start(_options.ApplicationContext.Span, _key.KeyHash);
        _transcript.Append(_retried);
        _transcript.Append(frame);
        _schedule.SetEarly();
        return HandshakeStep.UsePrivateKey;
    }

    /// <summary>Opens the ticket, then checks the binder, and only then agrees on a key [ST-404]. No private key: no gate [ST-705].</summary>
    private HandshakeStep OnResumeHello(ReadOnlySpan<byte> frame, in ClientHello hello, TunnelTime now, IBufferWriter<byte> output)
    {
        if (!ServerTransitions.TryNext(State, ServerInput.ResumeHello, out _)) // [ST-309]
        {
            return Fail(SecureTunnelReason.UnexpectedMessage, SecureTunnelAlert.UnexpectedMessage, output);
        }

        Span<byte> plain = stackalloc byte[TicketState.MaxLength];
        int length = _options.Tickets?.Open(hello.Ticket, now.UnixSeconds, plain) ?? 0;
        if (!TicketState.TryRead(plain[..length], out TicketState ticket) || !IsUsable(ticket, now.UnixSeconds))
        {
            CryptographicOperations.ZeroMemory(plain);
            return SendRetry(frame, now, output);
        }

        Span<byte> hash = stackalloc byte[ProtocolLimits.HashSize];
        Span<byte> binder = stackalloc byte[ProtocolLimits.HashSize];
        _transcript.Start(_options.ApplicationContext.Span, KeySchedule.Zero);
        _transcript.Append(frame[..^ProtocolLimits.HashSize]);
        _transcript.Current(hash);
        _schedule.SetEarly(ticket.ResumptionPsk);
        _schedule.Binder(hash, binder);
        if (!CryptographicOperations.FixedTimeEquals(binder, hello.Binder))
        {
            CryptographicOperations.ZeroMemory(plain);
            return Fail(SecureTunnelReason.WrongBinder, SecureTunnelAlert.HandshakeFailed, output);
        }

        Move(ServerInput.ResumeHello);
        _transcript.Append(hello.Binder);
        DeviceId = new SecureTunnelDeviceId(ticket.DeviceId);
        _firstAuth = ticket.FirstAuth;
        _credentialTag = ticket.CredentialTag.ToArray();
        CryptographicOperations.ZeroMemory(plain);
        return hello.Mode == HandshakeMode.Resume ? Answer(KeySchedule.Zero, share: default, now, output) : AnswerEphemeral(hello.Kem, now, output);
    }

    private bool IsUsable(in TicketState ticket, long unixSeconds) => // [ST-801] [ST-803]
        ticket.Suite == Suite
        && ticket.FirstAuth <= unixSeconds + MaxClockSkewSeconds
        && unixSeconds < ticket.Expires
        && unixSeconds < ticket.FirstAuth + MaxChainSeconds;

    private HandshakeStep SendRetry(ReadOnlySpan<byte> frame, TunnelTime now, IBufferWriter<byte> output) // [ST-309]
    {
        Move(ServerInput.UnusableTicket);
        _retried = Retry.Hash(frame);
        Span<byte> retry = output.GetSpan(ProtocolLimits.HeaderSize + Retry.EncodedLength);
        output.Advance(Frame.WriteHeader(retry, Retry.Write(retry[ProtocolLimits.HeaderSize..])));
        NextDeadline = now.Milliseconds + (long)_options.HelloTimeout.TotalMilliseconds;
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

    private HandshakeStep AnswerEphemeral(ReadOnlySpan<byte> peerShare, TunnelTime now, IBufferWriter<byte> output)
    {
        using EphemeralKey own = _crypto.GenerateEphemeral();
        Span<byte> secret = stackalloc byte[ProtocolLimits.HashSize];
        Span<byte> share = stackalloc byte[ProtocolLimits.PointSize];
        try
        {
            if (!own.TryAgree(peerShare, secret)) // [ST-405] [ST-701]: before the signature
            {
                return Fail(SecureTunnelReason.InvalidShare, SecureTunnelAlert.HandshakeFailed, output);
            }

            own.WriteShare(share);
            return Answer(secret, share, now, output);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret); // [ST-403]: also where the signature fails
        }
    }

    private HandshakeStep Answer(ReadOnlySpan<byte> kemSecret, ReadOnlySpan<byte> share, TunnelTime now, IBufferWriter<byte> output)
    {
        Span<byte> buffer = output.GetSpan((2 * ProtocolLimits.HeaderSize) + ProtocolLimits.MaxServerHello + ProtocolLimits.MaxAuth);
        int length = WriteServerHello(buffer, share);
        _transcript.Append(buffer[..length]);
        Span<byte> th1 = stackalloc byte[ProtocolLimits.HashSize];
        _transcript.Current(th1);
        _schedule.SetHandshake(kemSecret, th1);
        _sealer = new RecordSealer(_crypto, Suite, _schedule.ServerHandshake);
        _opener = new RecordOpener(_crypto, Suite, _schedule.ClientHandshake, ProtocolLimits.MaxAuth);
        length += WriteServerAuth(th1, buffer[length..]);
        output.Advance(length);
        Move(ServerInput.Answered);
        bool slow = Mode == HandshakeMode.Full && Suite.IsEphemeral();
        NextDeadline = now.Milliseconds + (long)(slow ? _options.SlowClientAuthTimeout : _options.ClientAuthTimeout).TotalMilliseconds;
        return HandshakeStep.ReadFrame;
    }

    private int WriteServerHello(Span<byte> frame, ReadOnlySpan<byte> share)
    {
        Span<byte> random = stackalloc byte[ProtocolLimits.RandomSize];
        _entropy.Fill(random, EntropyUse.ServerRandom);
        var hello = new ServerHello { Suite = Suite, Mode = Mode, MaxRecord = _options.MaxRecord, Random = random, Kem = share };
        hello.TryWrite(frame[ProtocolLimits.HeaderSize..], out int written);
        return Frame.WriteHeader(frame, written);
    }

    private int WriteServerAuth(ReadOnlySpan<byte> th1, Span<byte> frame)
    {
        Span<byte> inner = frame[ProtocolLimits.HeaderSize..];
        int signatureLength = 0;
        if (Mode == HandshakeMode.Full && Suite.IsEphemeral())
        {
            Span<byte> signed = stackalloc byte[SignedText.ServerLength];
            SignedText.WriteServer(signed, th1);
            signatureLength = _key!.ModulusLength;
            _crypto.PssSign(_key.PrivateKey, signed, inner.Slice(ServerAuth.SignatureOffset, signatureLength));
        }

        int unfinished = ServerAuth.WriteUnfinished(inner, signatureLength);
        _transcript.Append(inner[..unfinished]);
        Span<byte> th2 = stackalloc byte[ProtocolLimits.HashSize];
        _transcript.Current(th2);
        Span<byte> finished = inner.Slice(unfinished, ProtocolLimits.HashSize);
        _schedule.ServerFinished(th2, finished);
        _transcript.Append(finished);
        return _sealer!.SealInPlace(frame, unfinished + ProtocolLimits.HashSize);
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

    // Specification
    private const int MaxModulus = 512;
    private const long MaxClockSkewSeconds = 60;
    private const long MaxChainSeconds = 7 * 24 * 3600;
}
