using System;

namespace Flint.Device.Nano;

/// <summary>The handshake: ClientHello to Accept (docs/spec/secure-tunnel.md sections 6 to 8).</summary>
public sealed partial class DeviceTunnel
{
    /// <summary>In S1 the seed, and the ciphertext that carries it; vectors bring both, since OAEP draws a seed of its own.</summary>
    internal readonly byte[] KemSecret = new byte[Sha256.DigestLength];

    internal byte[] Kem = new byte[0];

    private readonly byte[] _th1 = new byte[Sha256.DigestLength];
    private byte[] _share = new byte[0];
    private byte[] _scalar = new byte[0];
    private TunnelTicket? _ticket;
    private byte _mode;
    private int _peerMax;
    private bool _exchanges; // whether the mode makes an exchange on the curve
    private bool _keysAreSet;

    /// <summary>
    /// Does what the full handshake can do before there is a connection: in S1 it draws the seed and encrypts it for the pin, 3.6 million IL
    /// instructions [ST-706]; in S2 it makes the key pair of the exchange. <see cref="Begin"/> does it otherwise, while the server's deadline runs.
    /// </summary>
    public void Prepare()
    {
        if (TunnelSuite.IsEphemeral(_settings.Suite))
        {
            PrepareShare();
            return;
        }

        if (Kem.Length != 0)
        {
            return;
        }

        byte[] oaepSeed = new byte[Sha256.DigestLength];
        _random.Fill(KemSecret, 0, KemSecret.Length);
        _random.Fill(oaepSeed, 0, oaepSeed.Length);
        Kem = Pin.Encrypt(_hash, KemSecret, oaepSeed);
        ByteRange.Clear(oaepSeed);
    }

    private void PrepareShare()
    {
        if (_share.Length != 0)
        {
            return;
        }

        IKeyExchange exchange = _settings.Exchange!;
        _scalar = new byte[Sha256.DigestLength];
        do
        {
            _random.Fill(_scalar, 0, _scalar.Length);
        }
        while (!exchange.IsScalar(_scalar));

        _share = exchange.PublicShare(_scalar);
    }

    /// <summary>Chooses the pin to use instead of the first.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such pin.</exception>
    /// <exception cref="InvalidOperationException">The handshake has begun.</exception>
    public void UsePin(int index)
    {
        if (index < 0 || index >= _settings.Pins.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(index));
        }

        if (_state != TunnelState.Start || Kem.Length != 0)
        {
            throw new InvalidOperationException("A pin is chosen first.");
        }

        _pin = _settings.Pins[index];
    }

    /// <summary>Writes ClientHello to the output.</summary>
    /// <param name="ticket">Resumes an earlier session, or null for a full handshake. A ticket is used once, whatever becomes of it [ST-806].</param>
    /// <exception cref="InvalidOperationException">The handshake has begun already, or the ticket is of another suite.</exception>
    public void Begin(TunnelTicket? ticket)
    {
        if (_state != TunnelState.Start || (ticket != null && ticket.Suite != _settings.Suite))
        {
            throw new InvalidOperationException("A tunnel begins once, with a ticket of its suite.");
        }

        if (ticket == null)
        {
            StartFull();
            WriteFull();
            Move(TunnelInput.BeginFull);
        }
        else
        {
            WriteResumption(ticket);
            Move(TunnelInput.BeginResume);
        }
    }

    /// <summary>The ticket that the server gave with Accept, once; null where it gave none.</summary>
    public TunnelTicket? TakeTicket()
    {
        TunnelTicket? ticket = _ticket;
        _ticket = null;
        return ticket;
    }

    /// <summary>The transcript of a full handshake begins with the pin's hash; what comes before the hello is for the caller to add.</summary>
    private void StartFull()
    {
        Prepare();
        _mode = ModeFull;
        _exchanges = TunnelSuite.IsEphemeral(_settings.Suite);
        StartTranscript(Pin.KeyHash);
    }

    private void WriteFull()
    {
        int at = StartHello();
        Array.Copy(Pin.KeyHash, 0, Output, at, KeyIdLength);
        EndHello(WriteCounted(_exchanges ? _share : Kem, at + KeyIdLength));
        _transcript.Append(Output, 0, OutputCount);
        Schedule.SetEarly(TunnelSchedule.Zero);
    }

    private void WriteResumption(TunnelTicket ticket)
    {
        _mode = ModeResume;
        _exchanges = _settings.ResumeWithExchange;
        if (_exchanges)
        {
            _mode = ModeResumeExchange;
            PrepareShare();
        }

        StartTranscript(TunnelSchedule.Zero);
        int at = StartHello();
        at = WriteCounted(_exchanges ? _share : new byte[0], at);
        at = WriteCounted(ticket.Ticket, at);
        EndHello(at + Sha256.DigestLength);

        // The length bytes count the binder, the hash does not reach it (8.3).
        Schedule.SetEarly(ticket.ResumptionKey);
        Schedule.Mac(Schedule.Secret, "binder", Hash(Output, 0, at), Output, at);
        _transcript.Append(Output, at, Sha256.DigestLength);
    }

    private int StartHello()
    {
        byte[] output = Output;
        output[2] = ClientHelloType;
        output[3] = (byte)'S';
        output[4] = (byte)'T';
        output[5] = Version;
        output[6] = _settings.Suite;
        BigEndian.WriteUInt16(output, 7, _settings.MaxRecord);
        _random.Fill(output, 9, Sha256.DigestLength);
        output[41] = _mode;
        return FrameHeader + HelloFixed;
    }

    private int WriteCounted(byte[] value, int at)
    {
        BigEndian.WriteUInt16(Output, at, value.Length);
        Array.Copy(value, 0, Output, at + 2, value.Length);
        return at + 2 + value.Length;
    }

    private void EndHello(int end)
    {
        BigEndian.WriteUInt16(Output, 0, end - FrameHeader);
        OutputOffset = 0;
        OutputCount = end;
    }

    private TunnelEvent OnPlain(int body)
    {
        switch (Input[FrameHeader])
        {
            case ServerHelloType:
                return OnServerHello(body);
            case RetryType when _state == TunnelState.WaitResumption:
                return OnRetry(body);
            case PlainAlertType when body == 2: // [ST-310]: a hint, whoever sent it; the handshake is over in any case
                return Fail(TunnelFailure.AlertFromPeer, (TunnelAlert)Input[FrameHeader + 1]);
            case PlainAlertType:
                return Malformed();
            default:
                return Unexpected(); // [ST-205] [ST-309]
        }
    }

    private TunnelEvent OnRetry(int body)
    {
        if (body != 3 || Input[FrameHeader + 2] != RetryReasonTicket)
        {
            return Malformed();
        }

        if (Input[FrameHeader + 1] != Version)
        {
            return Fail(TunnelFailure.MalformedMessage, TunnelAlert.Unsupported);
        }

        // The first hello is still in the output. It enters as 00 21 04 ‖ its hash (8.1) [ST-401].
        byte[] first = new byte[3 + Sha256.DigestLength];
        _hash.Start();
        _hash.Append(Output, 0, FrameHeader + BigEndian.ReadUInt16(Output, 0));
        first[1] = 1 + Sha256.DigestLength;
        first[2] = FirstHelloType;
        _hash.Finish(first, 3);
        if (_exchanges)
        {
            // A share is sent once.
            ByteRange.Clear(_scalar);
            _share = new byte[0];
        }

        StartFull();
        _transcript.Append(first, 0, first.Length);
        _transcript.Append(Input, 0, FrameHeader + body);
        WriteFull();
        Move(TunnelInput.Retry);
        return TunnelEvent.None;
    }

    private TunnelEvent OnServerHello(int body)
    {
        byte[] input = Input;
        int share = _exchanges ? ShareLength : 0;
        if (body != ServerHelloFixed + share)
        {
            return Malformed(); // [ST-301] [ST-308]
        }

        if (input[3] != Version)
        {
            return Fail(TunnelFailure.MalformedMessage, TunnelAlert.Unsupported);
        }

        _peerMax = BigEndian.ReadUInt16(input, 6);
        bool fits = input[4] == _settings.Suite && input[5] == _mode // [ST-307]
            && _peerMax >= TunnelSettings.LeastMaxRecord && _peerMax <= TunnelSettings.MostMaxRecord // [ST-303]
            && BigEndian.ReadUInt16(input, 40) == share; // [ST-308]
        if (!fits)
        {
            return Malformed();
        }

        if (_exchanges && !_settings.Exchange!.TryAgree(_scalar, input, ShareOffset, KemSecret))
        {
            return Fail(TunnelFailure.ServerNotAuthenticated, TunnelAlert.HandshakeFailed); // [ST-405]
        }

        Array.Copy(Hash(input, 0, FrameHeader + body), 0, _th1, 0, _th1.Length);
        Schedule.SetHandshake(_mode == ModeResume ? TunnelSchedule.Zero : KemSecret, _th1);
        ByteRange.Clear(KemSecret); // [ST-403]
        ByteRange.Clear(_scalar);
        Kem = _share = new byte[0];
        Sealer.Set(Schedule.Client);
        Opener.Set(Schedule.Server);
        _keysAreSet = true;
        _maxBody = MaxAuth;
        Move(TunnelInput.ServerHello);
        return TunnelEvent.None;
    }

    private TunnelEvent OnServerAuth(int body)
    {
        byte[] input = Input;
        if (!Opener.Open(input, 0, body))
        {
            return Fail(TunnelFailure.ServerNotAuthenticated, TunnelAlert.HandshakeFailed); // [ST-312] [ST-502]
        }

        int inner = body - Aes128Ccm.TagLength;
        if (inner == 2 && input[2] == AlertType)
        {
            return Fail(TunnelFailure.AlertFromPeer, (TunnelAlert)input[3]);
        }

        if (input[2] != ServerAuthType)
        {
            return Unexpected(); // [ST-205]
        }

        int signature = _mode == ModeFull && _exchanges ? Pin.Length : 0;
        if (inner != ServerAuthFixed + signature || input[3] != 0 || BigEndian.ReadUInt16(input, 4) != signature)
        {
            return Malformed(); // [ST-301] [ST-311]
        }

        byte[] expected = new byte[Sha256.DigestLength];
        int finished = FrameHeader + inner - Sha256.DigestLength;
        Schedule.Mac(Schedule.Server, "finished", Hash(input, FrameHeader, finished - FrameHeader), expected, 0);
        if (!ByteRange.FixedTimeEquals(expected, 0, input, finished, Sha256.DigestLength) || (signature != 0 && !IsSigned(finished - signature, signature)))
        {
            return Fail(TunnelFailure.ServerNotAuthenticated, TunnelAlert.HandshakeFailed); // [ST-312]
        }

        _transcript.Append(input, finished, Sha256.DigestLength);
        WriteClientAuth();
        Move(TunnelInput.ServerAuth);
        return TunnelEvent.None;
    }

    /// <summary>The server's signature over th1 (6.5).</summary>
    private bool IsSigned(int offset, int count)
    {
        byte[] digest = new byte[Sha256.DigestLength];
        byte[] text = new byte[SignedText.Length + 1];
        Utf8Text.Write(SignedText, text, 0);
        _hash.Start();
        _hash.Append(text, 0, text.Length);
        _hash.Append(_th1, 0, _th1.Length);
        _hash.Finish(digest, 0);
        return Pin.Verify(_hash, digest, Input, offset, count);
    }

    private void WriteClientAuth()
    {
        byte[] output = Output;
        bool resumes = _mode != ModeFull;
        int idLength = resumes ? 0 : _settings.DeviceId.Length; // [ST-314]
        output[2] = ClientAuthType;
        output[3] = resumes ? MethodResumption : MethodPsk;
        output[4] = (byte)idLength;
        Array.Copy(_settings.DeviceId, 0, output, 5, idLength);
        int finished = 5 + idLength + 2;
        BigEndian.WriteUInt16(output, finished - 2, 0);
        Schedule.SetMaster(resumes ? TunnelSchedule.Zero : _settings.PskMix);
        Schedule.Mac(Schedule.Secret, "c finished", Hash(output, FrameHeader, finished - FrameHeader), output, finished);
        Schedule.SetApplication(Hash(output, finished, Sha256.DigestLength));
        OutputOffset = 0;
        OutputCount = Sealer.Seal(output, 0, finished + Sha256.DigestLength - FrameHeader);

        // s_hs stays until Accept: an alert of a server that does not accept comes under it [ST-322].
        TunnelKey empty = _alertOpener;
        _alertOpener = Opener;
        Opener = empty;
        Sealer.Set(Schedule.Client);
        Opener.Set(Schedule.Server);
    }

    private TunnelEvent OnAccept(int body)
    {
        bool isAlert = body == 2 + Aes128Ccm.TagLength;
        if (!(isAlert ? _alertOpener : Opener).Open(Input, 0, body))
        {
            return Fail(TunnelFailure.RecordNotOpened, TunnelAlert.RecordFailed); // [ST-502]
        }

        if (isAlert && Input[2] == AlertType)
        {
            return Fail(TunnelFailure.AlertFromPeer, (TunnelAlert)Input[3]);
        }

        if (Input[2] != AcceptType)
        {
            return Unexpected();
        }

        byte[] input = Input;
        int inner = body - Aes128Ccm.TagLength;
        if (inner < AcceptFixed)
        {
            return Malformed(); // [ST-301]
        }

        uint lifetime = BigEndian.ReadUInt32(input, 3);
        int ticketLength = BigEndian.ReadUInt16(input, 16);
        if (input[7] != NonceLength || ticketLength > MaxTicket || inner != AcceptFixed + ticketLength || (lifetime == 0) != (ticketLength == 0))
        {
            return Malformed(); // [ST-301] [ST-316]
        }

        if (ticketLength != 0)
        {
            byte[] nonce = new byte[NonceLength];
            byte[] ticket = new byte[ticketLength];
            byte[] key = new byte[Sha256.DigestLength];
            Array.Copy(input, 8, nonce, 0, NonceLength);
            Array.Copy(input, 18, ticket, 0, ticketLength);
            Schedule.Label(Schedule.Resumption, "ticket", nonce, NonceLength, key);
            _ticket = new TunnelTicket(_settings.Suite, ticket, key, lifetime);
        }

        _alertOpener.Clear();
        Schedule.Clear();
        Forget();
        _maxBody = _settings.MaxRecord + Aes128Ccm.TagLength; // [ST-203]
        Move(TunnelInput.Accept); // [ST-317]
        return TunnelEvent.Connected;
    }

    /// <summary>The transcript is the hash over what both sides have said; it begins with the prologue (8.1).</summary>
    private void StartTranscript(byte[] keyHash)
    {
        byte[] context = _settings.Context;
        byte[] name = new byte[Protocol.Length + 2];
        Utf8Text.Write(Protocol, name, 0);
        name[Protocol.Length + 1] = (byte)context.Length;
        _transcript.Start();
        _transcript.Append(name, 0, name.Length);
        _transcript.Append(context, 0, context.Length);
        _transcript.Append(keyHash, 0, keyHash.Length);
    }

    /// <summary>Adds bytes to the transcript and gives the hash so far, which stands until the next call; the transcript goes on.</summary>
    private byte[] Hash(byte[] buffer, int offset, int count)
    {
        _transcript.Append(buffer, offset, count);
        _hash.CopyFrom(_transcript);
        _hash.Finish(_digest, 0);
        return _digest;
    }

    /// <summary>Erases the transcript.</summary>
    private void Forget()
    {
        _transcript.Clear();
        _hash.Clear();
        ByteRange.Clear(_digest);
    }

    // Specification
    private const byte Version = 1;
    private const byte ModeFull = 0;
    private const byte ModeResume = 1;
    private const byte ModeResumeExchange = 2;
    private const byte MethodPsk = 1;
    private const byte MethodResumption = 3;
    private const byte ClientHelloType = 0x01;
    private const byte ServerHelloType = 0x02;
    private const byte RetryType = 0x03;
    private const byte FirstHelloType = 0x04;
    private const byte ServerAuthType = 0x11;
    private const byte ClientAuthType = 0x12;
    private const byte AcceptType = 0x13;
    private const byte RetryReasonTicket = 1;
    private const int ServerHelloFixed = 40;
    private const int ShareOffset = 42;
    private const int ShareLength = 65;

    // A zero byte follows both, which no string literal of the device can hold.
    private const string Protocol = "SecureTunnel v1";
    private const string SignedText = Protocol + " server auth";

    private const int ServerAuthFixed = 36;
    private const int AcceptFixed = 16;
    private const int NonceLength = 8;
    private const int MaxTicket = 256;
}
