namespace Flint.Device.Nano;

/// <summary>The device's end (docs/spec/secure-tunnel.md sections 16.2 and 16.3): Connected of the one table is Open of the other.</summary>
internal enum TunnelState
{
    Start,
    WaitServerHello,
    WaitResumption,
    WaitServerAuth,
    WaitAccept,
    Open,
    ReadClosed,
    WriteClosed,
    Closed,
    Dead,

    /// <summary>No state: the tables have no such arrow.</summary>
    None,
}
