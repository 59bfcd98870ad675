namespace Flint.Device.Nano;

/// <summary>
/// Called in the middle of long computations, so that other threads run, typically <c>Thread.Sleep(0)</c>; and by <see cref="NanoPlatform"/> to feed the
/// board's watchdog: nanoFramework has none in managed code, so it is a pin, an external chip, or a native driver.
/// </summary>
public delegate void DeviceYield();
