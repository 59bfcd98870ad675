using Flint.Device.Nano;
using Flint.Ota;

namespace NanoDevice;

/// <summary>
/// A device on nanoFramework, whole: it connects to its gateway, offers a function and a variable, publishes an event, and updates itself. What it is
/// provisioned with lies in its store: id, psk-mix, pin (the gateway's key blob), signer (the key blob of whoever signs its manifests), rng-secret.
/// </summary>
public static class Program
{
    /// <summary>The device's entry point.</summary>
    public static void Main() => Run("gateway.local", 5684, "I:\\");

    /// <summary>Runs until the board is reset.</summary>
    /// <param name="host">The gateway.</param>
    /// <param name="port">Its port.</param>
    /// <param name="folder">Where the device's files are, with the separator at the end.</param>
    public static void Run(string host, int port, string folder)
    {
        var platform = new NanoPlatform(host, port, folder, null);
        var crypto = new NanoCrypto();
        var flash = new DeviceFileFlash(folder, 4096, 56);
        flash.Yield = platform.FeedWatchdog;
        var boot = new NanoBoot();
        var trust = new DeviceTrust(new RsaPublicKey[] { RsaPublicKey.Load(platform, "signer") });
        var engine = new OtaEngine(flash, OtaLayout.Divide(flash, false), trust, boot, new OtaOptions(platform.Load("product")));
        engine.Start();

        var settings = new DeviceAgentSettings();
        settings.Tunnel.DeviceId = platform.Load("id");
        settings.Tunnel.PskMix = platform.Load("psk-mix");
        settings.Tunnel.Context = platform.Load("context");
        settings.Tunnel.Pins = new RsaPublicKey[] { RsaPublicKey.Load(platform, "pin") };
        var agent = new DeviceAgent(settings, platform, crypto, DeviceRandom.Create(platform, crypto));
        agent.UseUpdates(engine, boot, null);
        agent.AddFunction("led", argument => argument == "on" ? 1 : 0);
        agent.AddVariable("uptime", () => (platform.Now / 1000).ToString());
        DeviceLoader.Run(engine, boot, new NanoAssemblyHost(), agent);
        agent.Publish("device/started", "1");
        agent.Run();
    }
}
