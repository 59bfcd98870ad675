namespace Flint.Device.Nano;

/// <summary>What came of received bytes.</summary>
public enum TunnelEvent : byte
{
    /// <summary>Nothing to do but to go on: write the output where there is some, read more.</summary>
    None = 0,

    /// <summary>The server has accepted the device; data may flow.</summary>
    Connected,

    /// <summary>Data is in the input buffer until the next call.</summary>
    Data,

    /// <summary>The server has closed its direction, authenticated.</summary>
    Closed,

    /// <summary>The tunnel is dead and its keys are gone; the output may hold an alert to write.</summary>
    Failed,
}
