namespace Flint.Device.Nano;

/// <summary>Decides whether an image on trial is good, once it has reached the server.</summary>
/// <returns>0 where it is; otherwise a number of the program's own, readable after the rollback.</returns>
public delegate uint DeviceSelfTest();
