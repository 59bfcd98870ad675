using System;
using Flint.Ota;

namespace Flint.Device.Nano;

/// <summary>
/// The loader application's logic: after <see cref="OtaEngine.Start"/> has chosen a bank, load its assemblies and let its application set the agent
/// up. An image that cannot be loaded is rejected on the spot while it is on trial; its trial boot was counted before, so a loader that dies in the
/// attempt comes back to the other bank as well.
/// </summary>
public static class DeviceLoader
{
    /// <summary>Loads and sets up what the engine has chosen.</summary>
    /// <param name="engine">The engine, started.</param>
    /// <param name="boot">Resets the device where the image had to be rejected.</param>
    /// <param name="host">The runtime.</param>
    /// <param name="agent">What the application is given.</param>
    /// <returns>Whether an application runs; without one the agent alone can still be updated.</returns>
    public static bool Run(OtaEngine engine, OtaBoot boot, IAssemblyHost host, DeviceAgent agent)
    {
        if (engine == null || boot == null || host == null)
        {
            throw new ArgumentNullException(nameof(engine));
        }

        DeviceBundle? bundle = engine.Boot.Bank < 0 ? null : DeviceBundle.Open(engine);
        bool runs = bundle != null && Load(bundle, host) && host.Setup(bundle.EntryType, agent);
        if (!runs && engine.State == OtaState.Trial)
        {
            engine.Reject(OtaReason.SelfTestFailed, DetailNotLoadable);
            boot.Reset();
        }

        return runs;
    }

    private static bool Load(DeviceBundle bundle, IAssemblyHost host)
    {
        for (int i = 0; i < bundle.Count; i++)
        {
            byte[]? assembly = bundle.Next();
            if (assembly == null || !host.Load(assembly))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The detail of a rejection: the image holds no application that the runtime takes.</summary>
    public const uint DetailNotLoadable = 1;
}
