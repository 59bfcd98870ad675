using System;

namespace Flint.Device.Nano;

/// <summary>Behind Accept: data, KeyUpdate, Close and Alert (docs/spec/secure-tunnel.md sections 6.8 and 9).</summary>
public sealed partial class DeviceTunnel
{
    private int _emptyRecords;
    private int _keyUpdates;
    private long _windowStart;
    private long _sealKeySince = -1;
    private bool _owesKeyUpdate;

    /// <summary>Where content may stand in <see cref="Output"/> before <see cref="SealData"/>: in front of it lie 3 bytes of the record.</summary>
    public const int ContentOffset = FrameHeader + 1;

    /// <summary>How many bytes of content one record holds: what the server takes [ST-318] and the buffer has room for.</summary>
    public int MaxContent
    {
        get
        {
            int room = Output.Length - FrameHeader - Aes128Ccm.TagLength;
            return (room < _peerMax ? room : _peerMax) - 1;
        }
    }

    /// <summary>Whether data may be sent now: the tunnel is open, the output is empty, and no KeyUpdate is due first.</summary>
    public bool CanSend(long now) =>
        OutputCount == 0 && (_state == TunnelState.Open || _state == TunnelState.ReadClosed) && !NeedsKeyUpdate(now);

    /// <summary>Makes a record of content that stands in <see cref="Output"/> already.</summary>
    /// <param name="offset">Where the content starts, at least <see cref="ContentOffset"/>.</param>
    /// <param name="count">Its length, up to <see cref="MaxContent"/>.</param>
    /// <param name="now">Milliseconds of a clock that never goes back.</param>
    /// <exception cref="ArgumentOutOfRangeException">The content is too long, or lies elsewhere.</exception>
    /// <exception cref="InvalidOperationException"><see cref="CanSend"/> is false.</exception>
    public void SealData(int offset, int count, long now)
    {
        if (offset < ContentOffset || count < 0 || count > MaxContent || count > Output.Length - Aes128Ccm.TagLength - offset)
        {
            throw new ArgumentOutOfRangeException(nameof(count));
        }

        if (!CanSend(now) || !Move(TunnelInput.Send))
        {
            throw new InvalidOperationException("The tunnel takes no data now.");
        }

        Output[offset - 1] = DataType;
        OutputOffset = offset - ContentOffset;
        OutputCount = Sealer.Seal(Output, OutputOffset, 1 + count);
    }

    /// <summary>
    /// Puts what the tunnel itself has to say into the empty output: a KeyUpdate that the server asked for, or that is due after an hour or 2²⁰
    /// records [ST-503] [ST-505].
    /// </summary>
    /// <returns>Whether there is something to write.</returns>
    public bool Maintain(long now)
    {
        if (!IsConnected || OutputCount != 0 || !NeedsKeyUpdate(now) || !Move(TunnelInput.Send))
        {
            return false;
        }

        WriteControl(KeyUpdateType, 0);
        Sealer.Update();
        _sealKeySince = now;
        _owesKeyUpdate = false;
        return true;
    }

    /// <summary>Closes this direction with an authenticated Close into the empty output; the other stays open [ST-511].</summary>
    /// <returns>False where it is closed already, or the output is not empty.</returns>
    public bool Close()
    {
        if (OutputCount != 0 || !Move(TunnelInput.LocalClose))
        {
            return false;
        }

        WriteControl(CloseType, 0);
        return true;
    }

    private bool NeedsKeyUpdate(long now)
    {
        if (_sealKeySince < 0)
        {
            _sealKeySince = now;
        }

        return _owesKeyUpdate || Sealer.Sequence >= MaxSealed - 1 || now - _sealKeySince >= KeyLifetime;
    }

    /// <summary>A type and one byte, sealed as soon as there are keys.</summary>
    private void WriteControl(byte type, byte value)
    {
        BigEndian.WriteUInt16(Output, 0, 2);
        Output[FrameHeader] = type;
        Output[FrameHeader + 1] = value;
        OutputOffset = 0;
        OutputCount = _keysAreSet ? Sealer.Seal(Output, 0, 2) : FrameHeader + 2;
    }

    private TunnelEvent OnRecord(int body, long now)
    {
        if (Opener.Sequence >= MaxOpened)
        {
            return Fail(TunnelFailure.RecordLimit, TunnelAlert.RecordOverflow); // [ST-504]
        }

        if (!Opener.Open(Input, 0, body))
        {
            return Fail(TunnelFailure.RecordNotOpened, TunnelAlert.RecordFailed); // [ST-502]
        }

        int count = body - Aes128Ccm.TagLength - 1;
        int type = Input[FrameHeader];
        bool isPadded = type >= PaddedFlag;
        bool isControl = !isPadded && count == 1; // [ST-208]: only Data is padded
        switch (type & (PaddedFlag - 1))
        {
            case DataType:
                return isPadded ? OnPaddedData(count) : OnData(ContentOffset, count);
            case KeyUpdateType when isControl: // [ST-319]
                return OnKeyUpdate(now);
            case CloseType when isControl: // [ST-320]
                return Move(TunnelInput.PeerClose) ? TunnelEvent.Closed : Unexpected();
            case AlertType when isControl: // [ST-321]
                return Fail(TunnelFailure.AlertFromPeer, (TunnelAlert)Input[ContentOffset]);
            case KeyUpdateType:
            case CloseType:
            case AlertType:
                return Malformed();
            default:
                return Unexpected(); // [ST-205]
        }
    }

    private TunnelEvent OnPaddedData(int count)
    {
        int padding = count < 2 ? MostPadding : BigEndian.ReadUInt16(Input, ContentOffset);
        if (padding > count - 2)
        {
            return Malformed(); // [ST-207]
        }

        int content = count - 2 - padding;
        int start = ContentOffset + 2;
        for (int i = 0; i < padding; i++)
        {
            if (Input[start + content + i] != 0)
            {
                return Malformed(); // [ST-207]
            }
        }

        return OnData(start, content);
    }

    private TunnelEvent OnData(int offset, int count)
    {
        _emptyRecords = count == 0 ? _emptyRecords + 1 : 0;
        if (_emptyRecords >= MaxEmptyRecords)
        {
            return Fail(TunnelFailure.Flood, TunnelAlert.UnexpectedMessage); // [ST-507]
        }

        if (!Move(TunnelInput.Data))
        {
            return Unexpected(); // [ST-511]
        }

        DataOffset = offset;
        DataCount = count;
        return TunnelEvent.Data;
    }

    private TunnelEvent OnKeyUpdate(long now)
    {
        if (Input[ContentOffset] > 1)
        {
            return Malformed(); // [ST-319]
        }

        if (_keyUpdates == 0 || now - _windowStart >= KeyUpdateWindow)
        {
            _windowStart = now;
            _keyUpdates = 0;
        }

        _keyUpdates++;
        if (_keyUpdates > MaxKeyUpdates)
        {
            return Fail(TunnelFailure.Flood, TunnelAlert.UnexpectedMessage); // [ST-506]
        }

        if (!Move(TunnelInput.KeyUpdate))
        {
            return Unexpected();
        }

        Opener.Update();
        _owesKeyUpdate |= Input[ContentOffset] == 1 && _state == TunnelState.Open;
        return TunnelEvent.None;
    }

    private TunnelEvent Malformed() => Fail(TunnelFailure.MalformedMessage, TunnelAlert.Malformed);

    private TunnelEvent Unexpected() => Fail(TunnelFailure.UnexpectedMessage, TunnelAlert.UnexpectedMessage);

    // Specification
    private const byte KeyUpdateType = 0x14;
    private const byte CloseType = 0x15;
    private const byte DataType = 0x17;
    private const byte PaddedFlag = 0x80;
    private const int MostPadding = 65535;
    private const int MaxSealed = 1 << 20;
    private const int MaxOpened = 1 << 21;
    private const int MaxEmptyRecords = 32;
    private const int MaxKeyUpdates = 8;
    private const int KeyUpdateWindow = 60000;
    private const int KeyLifetime = 3600000;
}
