namespace Flint.Device.Nano;

/// <summary>The device's handshake (docs/spec/secure-tunnel.md section 16.2).</summary>
internal enum TunnelHandshakeState
{
    Start,
    WaitServerHello,
    WaitResumption,
    WaitServerAuth,
    WaitAccept,
    Connected,
    Dead,
}
