namespace Flint.Device.Nano;

/// <summary>An event that waits to be sent.</summary>
internal sealed class DeviceEvent
{
    public DeviceEvent(string name, string payload)
    {
        Name = name;
        Payload = payload;
    }

    public readonly string Name;

    public readonly string Payload;
}
