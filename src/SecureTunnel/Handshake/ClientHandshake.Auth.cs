using System;
using System.Buffers;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>ServerAuth, ClientAuth and Accept: sections 6.5 to 6.7.</summary>
internal sealed partial class ClientHandshake
{
    private readonly byte[] _th1 = new byte[ProtocolLimits.HashSize];

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

        bool expectsSignature = _mode == HandshakeMode.Full && _options.Suite.IsEphemeral();
        if (auth.Signature.Length != (expectsSignature ? Pin.PublicKey.KeySize / 8 : 0)) // [ST-311]
        {
            return Fail(SecureTunnelReason.MalformedMessage, SecureTunnelAlert.Malformed, output);
        }

        if (!IsServerProven(inner, auth, expectsSignature))
        {
            return Fail(SecureTunnelReason.ServerNotAuthenticated, SecureTunnelAlert.HandshakeFailed, output);
        }

        _transcript.Append(auth.Finished);
        Move(ClientInput.ServerAuth);
        WriteClientAuth(output);
        return HandshakeStep.ReadFrame;
    }

    private bool IsServerProven(ReadOnlySpan<byte> inner, in ServerAuth auth, bool expectsSignature) // [ST-312]
    {
        Span<byte> th2 = stackalloc byte[ProtocolLimits.HashSize];
        Span<byte> expected = stackalloc byte[ProtocolLimits.HashSize];
        _transcript.Append(inner[..auth.UnfinishedLength]);
        _transcript.Current(th2);
        _schedule.ServerFinished(th2, expected);
        if (!CryptographicOperations.FixedTimeEquals(expected, auth.Finished))
        {
            return false;
        }

        Span<byte> signed = stackalloc byte[SignedText.ServerLength];
        SignedText.WriteServer(signed, _th1);
        return !expectsSignature || _crypto.PssVerify(Pin.PublicKey, signed, auth.Signature);
    }

    private void WriteClientAuth(IBufferWriter<byte> output)
    {
        SecureTunnelCredential credential = _options.Credential!;
        bool full = _mode == HandshakeMode.Full;
        Span<byte> frame = output.GetSpan(ProtocolLimits.HeaderSize + ProtocolLimits.MaxAuth);
        Span<byte> inner = frame[ProtocolLimits.HeaderSize..];
        int unfinished = full ? WriteIdentity(credential, inner) : WriteResumption(inner);

        Span<byte> hash = stackalloc byte[ProtocolLimits.HashSize];
        _transcript.Current(hash);
        _schedule.SetMaster(full ? credential.PskMix : KeySchedule.Zero);
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

    /// <summary>Writes everything before client_finished, the device's signature included, and takes it into the transcript.</summary>
    private int WriteIdentity(SecureTunnelCredential credential, Span<byte> inner)
    {
        ReadOnlySpan<byte> id = _options.DeviceId.Span;
        int authLength = credential.PrivateKey is null ? 0 : credential.PrivateKey.KeySize / 8;
        int unfinished = ClientAuth.WriteUnfinished(inner, credential.Method, id, authLength);
        int signedLength = ClientAuth.SignedLengthOf(id.Length);
        _transcript.Append(inner[..signedLength]);
        if (credential.PrivateKey is not null)
        {
            Span<byte> hash = stackalloc byte[ProtocolLimits.HashSize];
            Span<byte> text = stackalloc byte[SignedText.DeviceLength];
            _transcript.Current(hash);
            SignedText.WriteDevice(text, hash);
            _crypto.PssSign(credential.PrivateKey, text, inner[(unfinished - authLength)..unfinished]);
        }

        _transcript.Append(inner[signedLength..unfinished]);
        return unfinished;
    }

    private int WriteResumption(Span<byte> inner) // [ST-314]
    {
        int unfinished = ClientAuth.WriteUnfinished(inner, AuthMethod.Resumption, deviceId: default, authLength: 0);
        _transcript.Append(inner[..unfinished]);
        return unfinished;
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

        WireStatus status = Accept.TryRead(inner, out Accept accept);
        if (status != WireStatus.Ok)
        {
            return Fail(status.ToReason(), status.ToAlert(), output);
        }

        KeepTicket(accept);
        _opener!.MaxRecord = _options.MaxRecord;
        _alertOpener!.Dispose();
        Move(ClientInput.Accept); // [ST-317]
        return HandshakeStep.Connected;
    }

    private void KeepTicket(in Accept accept) // [ST-806]
    {
        if (_options.Tickets is not null && !accept.Ticket.IsEmpty)
        {
            Span<byte> secret = stackalloc byte[ProtocolLimits.HashSize];
            _schedule.TicketSecret(accept.TicketNonce, secret);
            _options.Tickets.Put(new DeviceTicket(_options.Suite, accept.Ticket.ToArray(), secret, ServerKeyHash.ToArray()));
            CryptographicOperations.ZeroMemory(secret);
        }
    }
}
