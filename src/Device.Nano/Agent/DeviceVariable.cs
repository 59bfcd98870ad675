namespace Flint.Device.Nano;

/// <summary>A variable that the server may read and observe: <c>GET /v/{name}</c>.</summary>
/// <returns>Its value as text.</returns>
public delegate string DeviceVariable();
