using Flint.Device.Nano;

namespace NanoApplication;

/// <summary>What an update brings to a device that runs samples/NanoDevice: its loader loads this assembly out of the bundle and calls Setup.</summary>
public static class Application
{
    /// <summary>Adds to the agent what this version of the application can do. Where it throws, the device goes back to the image before.</summary>
    public static void Setup(DeviceAgent agent)
    {
        agent.AddFunction("double", argument => 2 * int.Parse(argument));
        agent.AddVariable("version", () => "1.0.0");
    }
}
