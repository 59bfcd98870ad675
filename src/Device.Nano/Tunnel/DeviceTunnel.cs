using System;

namespace Flint.Device.Nano;

/// <summary>
/// The device's end of a tunnel (docs/spec/secure-tunnel.md), as a state machine without I/O: bytes received go in, bytes to send come out,
/// events tell what happened. One object is one connection; it owns one buffer for each direction and nothing else grows.
/// </summary>
/// <remarks>
/// The loop at the edge: write <see cref="Output"/> where <see cref="OutputCount"/> is not 0, and call <see cref="OnSent"/>; read up to
/// <see cref="InputWanted"/> bytes to <see cref="InputOffset"/> of <see cref="Input"/>, and call <see cref="OnReceived"/>.
/// </remarks>
public sealed partial class DeviceTunnel
{
    private readonly TunnelSettings _settings;
    private readonly IEntropySource _random;
    private readonly Sha256 _hash = new Sha256(); // of anything, and of the transcript where it is wanted before its end
    private readonly Sha256 _transcript;
    private readonly byte[] _digest = new byte[Sha256.DigestLength];
    private TunnelKey _alertOpener;
    private RsaPublicKey _pin;
    private TunnelState _state;
    private int _maxBody = MaxServerHello;

    /// <param name="settings">What the device is provisioned with; not to be changed while the tunnel lives.</param>
    /// <param name="crypto">The platform's AES and HMAC.</param>
    /// <param name="random">Randomness, hedged: see <see cref="HedgedRandom"/>.</param>
    /// <exception cref="ArgumentException">The settings are not valid; the message says why.</exception>
    public DeviceTunnel(TunnelSettings settings, IDeviceCrypto crypto, IEntropySource random)
    {
        if (settings == null || crypto == null || random == null)
        {
            throw new ArgumentNullException(nameof(settings));
        }

        settings.Validate();
        _settings = settings;
        _random = random;
        _transcript = new Sha256(_hash);
        Schedule = new TunnelSchedule(crypto);
        Sealer = new TunnelKey(Schedule, settings);
        Opener = new TunnelKey(Schedule, settings);
        _alertOpener = new TunnelKey(Schedule, settings);
        _pin = settings.Pins[0];
        int body = settings.MaxRecord + Aes128Ccm.TagLength;
        Input = new byte[FrameHeader + BigEndian.Max(body, MaxAuth)];
        Output = new byte[FrameHeader + BigEndian.Max(body, MaxHello)];
    }

    /// <summary>The buffer that received bytes go to.</summary>
    public readonly byte[] Input;

    /// <summary>Where the next bytes go.</summary>
    public int InputOffset;

    /// <summary>How many bytes the tunnel wants next, at most; 0 where it wants none.</summary>
    public int InputWanted
    {
        get
        {
            bool receives = (_state > TunnelState.Start && _state <= TunnelState.Open) || _state == TunnelState.WriteClosed;
            return !receives ? 0 : (InputOffset < FrameHeader ? FrameHeader : FrameHeader + BigEndian.ReadUInt16(Input, 0)) - InputOffset;
        }
    }

    /// <summary>The buffer that holds what is to be sent, from <see cref="OutputOffset"/>.</summary>
    public readonly byte[] Output;

    /// <summary>Where the bytes to send start.</summary>
    public int OutputOffset;

    /// <summary>How many bytes are to be sent.</summary>
    public int OutputCount;

    /// <summary>Where received data starts in <see cref="Input"/>, behind the event Data.</summary>
    public int DataOffset;

    /// <summary>How many bytes of data were received.</summary>
    public int DataCount;

    /// <summary>The pin in use; another of the set may be chosen before <see cref="Begin"/>, after the alert unknown_key.</summary>
    public RsaPublicKey Pin => _pin;

    /// <summary>Why the tunnel died.</summary>
    public TunnelFailure Failure;

    /// <summary>The alert that was sent or received when it died.</summary>
    public TunnelAlert Alert;

    /// <summary>Whether the server has accepted the device and the tunnel has not died.</summary>
    public bool IsConnected => _state >= TunnelState.Open && _state < TunnelState.Dead;

    /// <summary>The key that received records open under.</summary>
    internal TunnelKey Opener;

    /// <summary>The key that records are sealed with.</summary>
    internal readonly TunnelKey Sealer;

    /// <summary>The secrets of the handshake, all zero once they have served.</summary>
    internal readonly TunnelSchedule Schedule;

    /// <summary>The output has been written to the stream.</summary>
    public void OnSent()
    {
        OutputOffset = 0;
        OutputCount = 0;
    }

    /// <summary>Bytes were received to where the tunnel wanted them.</summary>
    /// <param name="count">How many, at least 1 and at most <see cref="InputWanted"/>.</param>
    /// <param name="now">Milliseconds of a clock that never goes back.</param>
    /// <exception cref="ArgumentOutOfRangeException">More bytes than wanted, or none.</exception>
    public TunnelEvent OnReceived(int count, long now)
    {
        if (count < 1 || count > InputWanted)
        {
            throw new ArgumentOutOfRangeException(nameof(count));
        }

        InputOffset += count;
        if (InputOffset < FrameHeader)
        {
            return TunnelEvent.None;
        }

        int body = BigEndian.ReadUInt16(Input, 0);
        if (body == 0)
        {
            return Fail(TunnelFailure.Framing, TunnelAlert.Malformed); // [ST-201]
        }

        if (body > _maxBody)
        {
            return Fail(TunnelFailure.Framing, TunnelAlert.RecordOverflow); // [ST-202] [ST-203] [ST-508]
        }

        if (InputOffset < FrameHeader + body)
        {
            return TunnelEvent.None;
        }

        InputOffset = 0;
        switch (_state)
        {
            case TunnelState.WaitServerHello:
            case TunnelState.WaitResumption:
                return OnPlain(body);
            case TunnelState.WaitServerAuth:
                return OnServerAuth(body);
            case TunnelState.WaitAccept:
                return OnAccept(body);
            default:
                return OnRecord(body, now);
        }
    }

    /// <summary>The stream has ended: without a Close from the server that is an error [ST-509].</summary>
    public TunnelEvent OnEndOfStream() =>
        _state == TunnelState.ReadClosed || _state == TunnelState.Closed ? TunnelEvent.Closed : Fail(TunnelFailure.Truncated, TunnelAlert.None);

    /// <summary>The caller's deadline has passed.</summary>
    public TunnelEvent OnDeadline() => Fail(TunnelFailure.Timeout, TunnelAlert.Timeout);

    /// <summary>Ends without another word: every key is erased.</summary>
    public void Abandon() => Fail(TunnelFailure.Truncated, TunnelAlert.None);

    /// <summary>The one way to die: the state, the reason, an alert under the key that the next record would have, and no keys [ST-322] [ST-903].</summary>
    private TunnelEvent Fail(TunnelFailure reason, TunnelAlert alert)
    {
        bool wasDead = _state == TunnelState.Dead;
        bool canSpeak = !wasDead && _state != TunnelState.Start && reason != TunnelFailure.AlertFromPeer && alert != TunnelAlert.None;
        Move(TunnelInput.Failure);
        if (!wasDead)
        {
            Failure = reason;
            Alert = alert;
        }

        if (canSpeak)
        {
            WriteControl(_keysAreSet ? AlertType : PlainAlertType, (byte)alert);
        }

        InputOffset = 0;
        DataCount = 0;
        Clear();
        return TunnelEvent.Failed;
    }

    /// <returns>False where the tables have no such arrow: the state stays.</returns>
    private bool Move(TunnelInput input)
    {
        TunnelState next = Next(_state, input);
        if (next == TunnelState.None)
        {
            return false;
        }

        _state = next;
        return true;
    }

    /// <summary>Erases every key.</summary>
    private void Clear()
    {
        Schedule.Clear();
        Forget();
        Sealer.Clear();
        Opener.Clear();
        _alertOpener.Clear();
        ByteRange.Clear(KemSecret);
        ByteRange.Clear(_scalar);
    }

    // Specification
    private const int FrameHeader = 2;
    private const int MaxServerHello = 128;
    private const int MaxAuth = 1024;
    private const int HelloFixed = 40;
    private const int KeyIdLength = 8;
    private const int MaxModulus = 512;
    private const int MaxHello = HelloFixed + KeyIdLength + 2 + MaxModulus; // of any pin, and room for the longest ticket with a share
    private const byte PlainAlertType = 0x0F;
    private const byte AlertType = 0x16;
}
