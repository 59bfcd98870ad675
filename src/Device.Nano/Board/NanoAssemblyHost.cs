using System;
using System.Collections;
using System.Reflection;

namespace Flint.Device.Nano;

/// <summary>
/// The runtime itself: assemblies run in place from the arrays they were read into, are never unloaded, and are checked by a CRC alone, so only
/// what was verified may come here.
/// </summary>
public sealed class NanoAssemblyHost : IAssemblyHost
{
    private readonly ArrayList _assemblies = new ArrayList();

#pragma warning disable CA1031 // whatever an image throws, it is the image that is not taken
#pragma warning disable IL2026, IL2075 // the device trims nothing; on .NET this class is for tests
    /// <inheritdoc/>
    public bool Load(byte[] assembly)
    {
        try
        {
            _assemblies.Add(Assembly.Load(assembly));
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public bool Setup(string entryType, DeviceAgent agent)
    {
        try
        {
            for (int i = 0; i < _assemblies.Count; i++)
            {
                Type? type = ((Assembly)_assemblies[i]!).GetType(entryType);
                MethodInfo? setup = type is null ? null : type.GetMethod("Setup"); // `== null` would be an operator that the device lacks
                if (setup is not null)
                {
                    setup.Invoke(null, new object[] { agent });
                    return true;
                }
            }

            return false;
        }
        catch (Exception)
        {
            return false;
        }
    }
#pragma warning restore IL2026, IL2075
#pragma warning restore CA1031
}
