namespace Flint.Device.Nano;

/// <summary>Called in the middle of long computations, so that other threads run; on the device typically <c>Thread.Sleep(0)</c>.</summary>
public delegate void DeviceYield();
