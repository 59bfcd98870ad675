namespace Flint.Device.Nano;

/// <summary>Loads assemblies into the runtime and starts the application in them. On the device: <c>Assembly.Load</c> and reflection.</summary>
public interface IAssemblyHost
{
    /// <summary>Loads an assembly; it stays until the next reset.</summary>
    /// <returns>False where the runtime does not take it.</returns>
    bool Load(byte[] assembly);

    /// <summary>Calls the static method Setup of the type, with the agent.</summary>
    /// <returns>False where there is no such method, or it throws.</returns>
    bool Setup(string entryType, DeviceAgent agent);
}
