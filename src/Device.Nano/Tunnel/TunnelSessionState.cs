namespace Flint.Device.Nano;

/// <summary>The tunnel behind Accept (docs/spec/secure-tunnel.md section 16.3).</summary>
internal enum TunnelSessionState
{
    Open,
    ReadClosed,
    WriteClosed,
    Closed,
    Dead,
}
