namespace Flint.Device.Nano;

/// <summary>A function that the server may call: <c>POST /f/{name}</c>.</summary>
/// <param name="argument">The request's payload as text.</param>
/// <returns>What the caller receives.</returns>
public delegate int DeviceFunction(string argument);
