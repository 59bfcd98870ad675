namespace Flint.Device.Nano;

/// <summary>What moves the device's end (docs/spec/secure-tunnel.md sections 16.2 and 16.3).</summary>
internal enum TunnelInput
{
    BeginFull,
    BeginResume,
    Retry,
    ServerHello,
    ServerAuth,
    Accept,
    Data,
    KeyUpdate,
    PeerClose,
    Send,
    LocalClose,
    Failure,
}
