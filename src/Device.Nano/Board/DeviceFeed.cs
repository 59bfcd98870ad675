namespace Flint.Device.Nano;

/// <summary>Feeds the board's watchdog. nanoFramework has none in managed code: a pin, an external chip, or a native driver.</summary>
public delegate void DeviceFeed();
