using System;
using System.Buffers;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>From ClientAuth to Accept: sections 6.6, 6.7 and 12.</summary>
internal sealed partial class ServerHandshake
{
    private readonly byte[] _tha = new byte[ProtocolLimits.HashSize];
    private readonly byte[] _clientFinished = new byte[ProtocolLimits.HashSize];
    private readonly byte[] _signedHash = new byte[ProtocolLimits.HashSize];
    private byte[] _signature = [];
    private AuthMethod _method;

    /// <summary>What the store knows of <see cref="DeviceId"/>; null where it knows nothing.</summary>
    public HandshakeStep OnDevice(SecureTunnelDevice? device, TunnelTime now, IBufferWriter<byte> output)
    {
        bool proven = IsProven(device);
        if (device is null || !device.IsAllowed || !proven)
        {
            SecureTunnelReason reason = device is null ? SecureTunnelReason.UnknownDevice
                : !proven ? SecureTunnelReason.WrongCredential
                : SecureTunnelReason.DeviceNotAllowed;
            return Fail(reason, SecureTunnelAlert.AccessDenied, output); // [ST-323] [ST-804]
        }

        return AcceptDevice(device, now, output);
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

        if ((auth.Method == AuthMethod.Resumption) != (Mode != HandshakeMode.Full)) // [ST-314]
        {
            return Fail(SecureTunnelReason.MalformedMessage, SecureTunnelAlert.Malformed, output);
        }

        Move(ServerInput.ClientAuth);
        _method = auth.Method;
        _signature = auth.Auth.ToArray();
        DeviceId = Mode == HandshakeMode.Full ? new SecureTunnelDeviceId(auth.DeviceId) : DeviceId;
        _transcript.Append(inner[..auth.SignedLength]);
        if (_method == AuthMethod.DeviceRsa)
        {
            _transcript.Current(_signedHash);
        }

        _transcript.Append(inner[auth.SignedLength..auth.UnfinishedLength]);
        _transcript.Current(_tha);
        auth.Finished.CopyTo(_clientFinished);
        return HandshakeStep.FindDevice;
    }

    /// <summary>
    /// Verifies client_finished, and the signature in method 2. A device that is unknown, or enrolled otherwise, meets the same computations with a PSK that nobody holds, or
    /// with a key that did not sign [ST-324].
    /// </summary>
    private bool IsProven(SecureTunnelDevice? device)
    {
        Span<byte> pskMix = stackalloc byte[ProtocolLimits.HashSize];
        _entropy.Fill(pskMix, EntropyUse.DummyPsk);
        bool enrolled = device is not null
            && (_method == AuthMethod.Resumption
                ? CryptographicOperations.FixedTimeEquals(device.CredentialTag, _credentialTag) // [ST-808]
                : device.Method == _method); // [ST-313]
        if (_method != AuthMethod.Psk)
        {
            pskMix.Clear();
        }
        else if (enrolled)
        {
            device!.CopyPskMix(pskMix);
        }

        Span<byte> expected = stackalloc byte[ProtocolLimits.HashSize];
        _schedule.SetMaster(pskMix);
        CryptographicOperations.ZeroMemory(pskMix);
        _schedule.ClientFinished(_tha, expected);
        bool finished = CryptographicOperations.FixedTimeEquals(expected, _clientFinished); // [ST-315]
        bool signed = _method != AuthMethod.DeviceRsa || IsSigned(enrolled ? device!.PublicKey! : _key!.PublicKey);
        return finished & signed & enrolled;
    }

    private bool IsSigned(RSA publicKey) // [ST-315]
    {
        Span<byte> text = stackalloc byte[SignedText.DeviceLength];
        SignedText.WriteDevice(text, _signedHash);
        return _crypto.PssVerify(publicKey, text, _signature);
    }

    private HandshakeStep AcceptDevice(SecureTunnelDevice device, TunnelTime now, IBufferWriter<byte> output)
    {
        Span<byte> th3 = stackalloc byte[ProtocolLimits.HashSize];
        _transcript.Append(_clientFinished);
        _transcript.Current(th3);
        _schedule.SetApplication(th3);

        Span<byte> nonce = stackalloc byte[ProtocolLimits.TicketNonceSize];
        Span<byte> ticket = stackalloc byte[ProtocolLimits.MaxTicket];
        _entropy.Fill(nonce, EntropyUse.TicketNonce);
        int length = MakeTicket(device, nonce, now.UnixSeconds, ticket, out uint lifetime);
        Span<byte> frame = output.GetSpan(ProtocolLimits.HeaderSize + ProtocolLimits.MaxAuth);
        var accept = new Accept { TicketNonce = nonce, Ticket = ticket[..length], TicketLifetime = lifetime };
        accept.TryWrite(frame[ProtocolLimits.HeaderSize..], out int written);

        // Until Accept is sealed the old keys stay: whatever fails, the alert is under s_hs, which the device can still open. [ST-322]
        RecordSealer? sealer = null;
        RecordOpener? opener = null;
        try
        {
            sealer = new RecordSealer(_crypto, Suite, _schedule.ServerApplication);
            opener = new RecordOpener(_crypto, Suite, _schedule.ClientApplication, _options.MaxRecord);
            written = sealer.SealInPlace(frame, written);
            (sealer, _sealer) = (_sealer, sealer);
            (opener, _opener) = (_opener, opener);
        }
        finally
        {
            sealer?.Dispose(); // the old ones; the new ones where they failed
            opener?.Dispose();
        }

        output.Advance(written);
        Move(ServerInput.DeviceProven);
        return HandshakeStep.Connected;
    }

    /// <summary>Makes the ticket for the next time, which never outlives the chain that began with a full handshake [ST-803].</summary>
    /// <returns>Its length; 0 where none is given.</returns>
    private int MakeTicket(SecureTunnelDevice device, ReadOnlySpan<byte> nonce, long unixSeconds, Span<byte> ticket, out uint lifetime)
    {
        lifetime = 0;
        if (_options.Tickets is null)
        {
            return 0;
        }

        long firstAuth = Mode == HandshakeMode.Full ? unixSeconds : _firstAuth;
        long left = Math.Min((long)_options.Tickets.Lifetime.TotalSeconds, firstAuth + MaxChainSeconds - unixSeconds);
        if (left <= 0)
        {
            return 0;
        }

        lifetime = (uint)left;
        Span<byte> salt = stackalloc byte[SecureTunnelTicketRing.SaltSize];
        Span<byte> secret = stackalloc byte[ProtocolLimits.HashSize];
        _entropy.Fill(salt, EntropyUse.TicketSalt);
        try
        {
            _schedule.TicketSecret(nonce, secret);
            var state = new TicketState
            {
                Suite = Suite,
                ResumptionPsk = secret,
                FirstAuth = (uint)firstAuth,
                Expires = (uint)(unixSeconds + left),
                CredentialTag = device.CredentialTag,
                DeviceId = DeviceId.Span,
            };
            int length = _options.Tickets.Seal(state, salt, unixSeconds, ticket);
            lifetime = length == 0 ? 0 : lifetime;
            return length;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret); // [ST-403]: also where the store has disposed the device by now
        }
    }
}
