namespace Flint.Device.Nano;

/// <summary>A transport, a tunnel over it, and CoAP in the tunnel: the loop at the edge of both machines. CoAP writes into the tunnel's buffer.</summary>
internal sealed class DeviceConnection
{
    private readonly IDeviceTransport _transport;
    private readonly DeviceTunnel _tunnel;
    private readonly ICoapHandler _handler;
    private readonly int _maxMessage;

    public DeviceConnection(IDeviceTransport transport, DeviceTunnel tunnel, ICoapHandler handler, int maxMessage)
    {
        _transport = transport;
        _tunnel = tunnel;
        _handler = handler;
        _maxMessage = maxMessage;
    }

    /// <summary>The endpoint, once the tunnel is connected.</summary>
    public CoapEndpoint? Endpoint;

    /// <summary>Bytes read so far.</summary>
    public long WireBytesRead;

    /// <summary>The handshake: one frame a call. Afterwards <see cref="Endpoint"/> is there and its CSM is sent.</summary>
    /// <returns>False where the connection is lost.</returns>
    public bool Connect(int timeout, long now)
    {
        if (!WriteTunnel())
        {
            return false;
        }

        TunnelEvent happened = Read(timeout, now);
        if (happened == TunnelEvent.Failed || !WriteTunnel())
        {
            return false;
        }

        if (happened == TunnelEvent.Connected)
        {
            Endpoint = new CoapEndpoint(_handler, _maxMessage, _tunnel.Output, DeviceTunnel.ContentOffset, _tunnel.MaxContent);
            Endpoint.Start();
            return Flush(now);
        }

        return true;
    }

    /// <summary>Reads once, for at most <paramref name="timeout"/> milliseconds, and handles what came, answers included.</summary>
    /// <returns>False where the connection is over.</returns>
    public bool Pump(int timeout, long now)
    {
        TunnelEvent happened = Read(timeout, now);
        switch (happened)
        {
            case TunnelEvent.Data:
                return Feed(now);
            case TunnelEvent.Failed:
            case TunnelEvent.Closed:
                WriteTunnel();
                return false;
            default:
                return Maintain(now);
        }
    }

    /// <summary>Writes the message that the endpoint has completed.</summary>
    public bool Flush(long now)
    {
        CoapEndpoint endpoint = Endpoint!;
        if (endpoint.OutputCount != 0)
        {
            _tunnel.SealData(endpoint.OutputOffset, endpoint.OutputCount, now);
            endpoint.OnSent();
        }

        return WriteTunnel() && Maintain(now);
    }

    /// <summary>Says goodbye where that is possible, and closes the stream.</summary>
    public void Close()
    {
        try
        {
            if (_tunnel.Close())
            {
                WriteTunnel();
            }
        }
        finally
        {
            // A board has a few sockets: none may stay behind where there was no memory for the goodbye.
            _tunnel.Abandon();
            _transport.Close();
        }
    }

    /// <summary>The deadline of the handshake has passed: the alert goes out.</summary>
    public void GiveUp()
    {
        _tunnel.OnDeadline();
        WriteTunnel();
    }

    /// <summary>A KeyUpdate that is due goes out before CoAP writes its next message into the same buffer.</summary>
    public bool Maintain(long now) => !_tunnel.Maintain(now) || WriteTunnel();

    private TunnelEvent Read(int timeout, long now)
    {
        int wanted = _tunnel.InputWanted;
        if (wanted == 0)
        {
            return TunnelEvent.Closed;
        }

        int count = _transport.Read(_tunnel.Input, _tunnel.InputOffset, wanted, timeout);
        if (count == 0)
        {
            return TunnelEvent.None;
        }

        if (count < 0)
        {
            return _tunnel.OnEndOfStream();
        }

        WireBytesRead += count;
        return _tunnel.OnReceived(count, now);
    }

    private bool Feed(long now)
    {
        CoapEndpoint endpoint = Endpoint!;
        int at = _tunnel.DataOffset;
        int end = at + _tunnel.DataCount;
        while (at < end)
        {
            // Room is never 0 here: a full buffer without a whole message was refused as too large.
            int count = end - at < endpoint.InputRoom ? end - at : endpoint.InputRoom;
            endpoint.OnReceived(_tunnel.Input, at, count);
            at += count;
            while (Maintain(now) && endpoint.Next())
            {
                if (!Flush(now))
                {
                    return false;
                }
            }

            if (endpoint.IsEnded)
            {
                Flush(now);
                return false;
            }
        }

        return Maintain(now);
    }

    private bool WriteTunnel()
    {
        int count = _tunnel.OutputCount;
        if (count == 0)
        {
            return true;
        }

        bool written = _transport.Write(_tunnel.Output, _tunnel.OutputOffset, count);
        _tunnel.OnSent();
        return written;
    }
}
