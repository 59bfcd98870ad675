namespace Flint.Device.Nano;

/// <summary>What moves the tunnel behind Accept (docs/spec/secure-tunnel.md section 16.3).</summary>
internal enum TunnelSessionInput
{
    Data,
    KeyUpdate,
    PeerClose,
    Send,
    LocalClose,
    Failure,
}
