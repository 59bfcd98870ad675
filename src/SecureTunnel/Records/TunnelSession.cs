using System;
using System.Security.Cryptography;
using System.Threading;

namespace Flint.SecureTunnel;

/// <summary>
/// An established tunnel (section 16.3): turns frames into content and content into frames. One thread may receive while another sends, and
/// a third one dispose; each direction by itself is for one thread at a time. Does no I/O.
/// </summary>
internal sealed class TunnelSession : IDisposable
{
    private readonly CryptoProvider _crypto;
    private readonly RecordSealer _sealer;
    private readonly RecordOpener _opener;
    private readonly Secret _exporter;
    private readonly Lock _gate = new(); // innermost
    private readonly Lock _sealing = new(); // an erased key stays erased: nobody derives the next one meanwhile
    private readonly Lock _opening = new(); // likewise
    private SessionState _state;
    private int _emptyRecords;
    private int _keyUpdates;
    private long _keyUpdateWindow;
    private long _sealKeySince = long.MinValue;
    private bool _sealerErased;

    /// <summary>Takes ownership of the sealer and the opener, copies the exporter secret.</summary>
    public TunnelSession(RecordSealer sealer, RecordOpener opener, ReadOnlySpan<byte> exporter, CryptoProvider crypto, int peerMaxRecord)
    {
        _sealer = sealer;
        _opener = opener;
        _exporter = new Secret(exporter);
        _crypto = crypto;
        MaxContent = peerMaxRecord - 1;
    }

    public SessionState State
    {
        get
        {
            lock (_gate)
            {
                return _state;
            }
        }
    }

    /// <summary>The most content that one record to the peer may carry [ST-318] [ST-508].</summary>
    public int MaxContent { get; }

    /// <summary>The longest body that the peer may send.</summary>
    public int MaxBody => _opener.MaxRecord + ProtocolLimits.TagSize;

    /// <summary>Why the tunnel is dead, where it is.</summary>
    public HandshakeFailure Failure { get; private set; }

    public long RecordsSealed { get; private set; }

    public long RecordsOpened { get; private set; }

    /// <summary>Opens a frame in place.</summary>
    /// <param name="frame">A whole frame with its length bytes; overwritten.</param>
    /// <param name="now">Milliseconds of the caller's monotonic clock.</param>
    /// <param name="content">The bytes of a Data record: a part of <paramref name="frame"/>.</param>
    public SessionEvent OnFrame(Span<byte> frame, long now, out ReadOnlySpan<byte> content)
    {
        lock (_opening)
        {
            return OpenFrame(frame, now, out content);
        }
    }

    /// <summary>The head of the stream is no frame that this state takes: empty, or too long.</summary>
    public SessionEvent OnBadFrame(FrameStatus status) => // [ST-201] [ST-202]
        Fail(SecureTunnelReason.Framing, status == FrameStatus.Empty ? SecureTunnelAlert.Malformed : SecureTunnelAlert.RecordOverflow);

    /// <summary>The stream has ended: an error unless the peer has closed its direction [ST-509].</summary>
    /// <returns>True where the end was announced.</returns>
    public bool OnEndOfStream()
    {
        if (State is SessionState.ReadClosed or SessionState.Closed)
        {
            return true;
        }

        Fail(SecureTunnelReason.Truncated, SecureTunnelAlert.None);
        return false;
    }

    /// <summary>True when a KeyUpdate is due before the next Data: the key is used up, or an hour old [ST-503] [ST-505].</summary>
    public bool NeedsKeyUpdate(long now)
    {
        if (_sealKeySince == long.MinValue)
        {
            _sealKeySince = now;
        }

        return _sealer.NeedsUpdate || now - _sealKeySince >= ProtocolLimits.KeyLifetimeMilliseconds;
    }

    /// <summary>Seals Data of at most <see cref="MaxContent"/> bytes.</summary>
    /// <returns>The frame's length; 0 where this direction is closed or the tunnel dead.</returns>
    public int SealData(ReadOnlySpan<byte> content, Span<byte> frame) => Move(SessionInput.Send) ? Seal(MessageType.Data, content, frame) : 0;

    /// <summary>
    /// Seals Data that is <paramref name="padding"/> + 2 bytes longer on the wire; content, padding and the 2 bytes together fit
    /// <see cref="MaxContent"/>.
    /// </summary>
    /// <returns>The frame's length; 0 where this direction is closed or the tunnel dead.</returns>
    public int SealPaddedData(ReadOnlySpan<byte> content, int padding, Span<byte> frame)
    {
        if (!Move(SessionInput.Send))
        {
            return 0;
        }

        lock (_sealing)
        {
            RecordsSealed++;
            return _sealer.SealPadded(content, padding, frame);
        }
    }

    /// <summary>Seals a KeyUpdate and moves to the next key.</summary>
    /// <returns>The frame's length; 0 where this direction is closed or the tunnel dead.</returns>
    public int SealKeyUpdate(bool request, long now, Span<byte> frame) // [ST-319]
    {
        if (!Move(SessionInput.Send))
        {
            return 0;
        }

        ReadOnlySpan<byte> content = [Convert.ToByte(request)];
        lock (_sealing)
        {
            int length = Seal(MessageType.KeyUpdate, content, frame);
            _sealer.Update();
            _sealKeySince = now;
            return length;
        }
    }

    /// <summary>Seals Close: the last record of this direction.</summary>
    /// <returns>The frame's length; 0 where this direction is closed already or the tunnel dead.</returns>
    public int SealClose(Span<byte> frame) => Move(SessionInput.LocalClose) ? Seal(MessageType.Close, [0], frame) : 0; // [ST-511]

    /// <summary>Seals the alert of <see cref="Failure"/>, if this side failed the tunnel.</summary>
    /// <returns>The frame's length; 0 where no alert is due.</returns>
    public int SealAlert(Span<byte> frame)
    {
        HandshakeFailure failure = Failure;
        lock (_sealing)
        {
            return failure.FromPeer || failure.Alert == SecureTunnelAlert.None || _sealerErased ? 0 : AlertWriter.Write(_sealer, failure.Alert, frame);
        }
    }

    /// <summary>value = Label(Label(exporter, label, "", 32), "exporter", H(context), L).</summary>
    public void Export(ReadOnlySpan<byte> label, ReadOnlySpan<byte> context, Span<byte> destination)
    {
        Span<byte> hash = stackalloc byte[ProtocolLimits.HashSize];
        Span<byte> secret = stackalloc byte[ProtocolLimits.HashSize];
        Span<byte> exporter = stackalloc byte[ProtocolLimits.HashSize];
        _exporter.CopyTo(exporter);
        SHA256.HashData(context, hash);
        Hkdf.Label(_crypto, exporter, label, default, secret);
        CryptographicOperations.ZeroMemory(exporter);
        Hkdf.Label(_crypto, secret, "exporter"u8, hash, destination);
        CryptographicOperations.ZeroMemory(secret);
    }

    /// <summary>Erases the sending key of a dead tunnel, its alert being sealed. To be called by the sending side, between two records [ST-403].</summary>
    public void EraseIfDead()
    {
        if (State == SessionState.Dead)
        {
            EraseSealer();
        }
    }

    /// <summary>The receiving side waits: its cipher gives its native memory back until the next record.</summary>
    public void RestReceiving()
    {
        lock (_opening)
        {
            _opener.Rest();
        }
    }

    /// <summary>The sending side has nothing to send: likewise. The caller holds it as for sealing.</summary>
    public void RestSending()
    {
        lock (_sealing)
        {
            _sealer.Rest();
        }
    }

    public void Dispose()
    {
        EraseSealer();
        EraseOpener();
        _exporter.Dispose();
    }

    private SessionEvent OpenFrame(Span<byte> frame, long now, out ReadOnlySpan<byte> content)
    {
        content = default;
        if (State == SessionState.Dead)
        {
            return SessionEvent.Failed;
        }

        OpenStatus status = _opener.TryOpen(frame, out MessageType type, out Span<byte> opened);
        if (status != OpenStatus.Ok)
        {
            return OnUnopened(status);
        }

        RecordsOpened++;
        switch (type)
        {
            case MessageType.Data:
                SessionEvent what = OnData(opened.Length);
                content = what == SessionEvent.Data ? opened : default;
                return what;
            case MessageType.KeyUpdate:
                return OnKeyUpdate(opened, now);
            case MessageType.Close when opened.Length == 1: // [ST-320]
                return Move(SessionInput.PeerClose) ? SessionEvent.Closed : Unexpected();
            case MessageType.Alert when opened.Length == 1: // [ST-321]
                return Fail(SecureTunnelReason.AlertFromPeer, (SecureTunnelAlert)opened[0], fromPeer: true);
            case MessageType.Close or MessageType.Alert:
                return Fail(SecureTunnelReason.MalformedMessage, SecureTunnelAlert.Malformed);
            default: // [ST-205]
                return Unexpected();
        }
    }

    private int Seal(MessageType type, ReadOnlySpan<byte> content, Span<byte> frame)
    {
        lock (_sealing)
        {
            RecordsSealed++;
            return _sealer.Seal(type, content, frame);
        }
    }

    private SessionEvent OnData(int length)
    {
        _emptyRecords = length == 0 ? _emptyRecords + 1 : 0;
        if (_emptyRecords >= ProtocolLimits.MaxEmptyRecords) // [ST-507]
        {
            return Fail(SecureTunnelReason.Flood, SecureTunnelAlert.UnexpectedMessage);
        }

        return Move(SessionInput.Data) ? SessionEvent.Data : Unexpected(); // [ST-511]
    }

    private SessionEvent OnKeyUpdate(ReadOnlySpan<byte> content, long now)
    {
        if (content is not [0 or 1]) // [ST-319]
        {
            return Fail(SecureTunnelReason.MalformedMessage, SecureTunnelAlert.Malformed);
        }

        if (_keyUpdates == 0 || now - _keyUpdateWindow >= ProtocolLimits.KeyUpdateWindowMilliseconds)
        {
            _keyUpdateWindow = now;
            _keyUpdates = 0;
        }

        if (++_keyUpdates > ProtocolLimits.MaxKeyUpdates) // [ST-506]
        {
            return Fail(SecureTunnelReason.Flood, SecureTunnelAlert.UnexpectedMessage);
        }

        if (!Move(SessionInput.KeyUpdate))
        {
            return Unexpected();
        }

        _opener.Update();
        return content[0] == 0 ? SessionEvent.KeyUpdated : SessionEvent.KeyUpdateRequested;
    }

    private SessionEvent OnUnopened(OpenStatus status) => status switch
    {
        OpenStatus.Padding => Fail(SecureTunnelReason.MalformedMessage, SecureTunnelAlert.Malformed),
        OpenStatus.Overflow or OpenStatus.KeyExhausted => Fail(SecureTunnelReason.RecordLimit, SecureTunnelAlert.RecordOverflow),
        _ => Fail(SecureTunnelReason.RecordNotOpened, SecureTunnelAlert.RecordFailed), // [ST-502]
    };

    private SessionEvent Unexpected() => Fail(SecureTunnelReason.UnexpectedMessage, SecureTunnelAlert.UnexpectedMessage);

    private SessionEvent Fail(SecureTunnelReason reason, SecureTunnelAlert alert, bool fromPeer = false)
    {
        lock (_gate)
        {
            if (_state != SessionState.Dead)
            {
                Failure = new HandshakeFailure(reason, alert, fromPeer);
            }

            Move(SessionInput.Failure);
        }

        EraseOpener(); // [ST-403] [ST-903]: the sealer has an alert to seal yet
        _exporter.Dispose();

        return SessionEvent.Failed;
    }

    private void EraseSealer()
    {
        lock (_sealing)
        {
            _sealer.Dispose();
            _sealerErased = true;
        }
    }

    private void EraseOpener()
    {
        lock (_opening)
        {
            _opener.Dispose();
        }
    }

    private bool Move(SessionInput input)
    {
        lock (_gate)
        {
            bool legal = SessionTransitions.TryNext(_state, input, out SessionState next);
            _state = legal ? next : _state;
            return legal;
        }
    }
}
