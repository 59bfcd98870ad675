namespace Flint.Device.Nano;

/// <summary>What moves the device's handshake (docs/spec/secure-tunnel.md section 16.2).</summary>
internal enum TunnelHandshakeInput
{
    BeginFull,
    BeginResume,
    Retry,
    ServerHello,
    ServerAuth,
    Accept,
    Failure,
}
