using System;
using System.Threading;
using Flint.Device.Nano;
using Flint.Ota;

namespace NanoDevice;

/// <summary>
/// A device on nanoFramework, whole: it connects to its gateway, offers a function and a variable, publishes an event, updates itself, and loads the
/// application that an update brought (samples/NanoApplication is one). What it is provisioned with lies in its store, which src/Device.Nano/README.md shows
/// how to write: id, psk-mix, pin (the gateway's key blob), context (may be absent), rng-secret, product, signer (the key blob of whoever signs its manifests).
/// </summary>
public static class Program
{
    /// <summary>The device's entry point.</summary>
    public static void Main() => Run("gateway.local", 5684, "I:\\");

    /// <summary>Runs until the board is reset; by itself where something stands in the way of the agent, memory for one, so that an image on trial ends.</summary>
    /// <param name="host">The gateway.</param>
    /// <param name="port">Its port.</param>
    /// <param name="folder">Where the device's files are, with the separator at the end.</param>
    public static void Run(string host, int port, string folder)
    {
        try
        {
            RunAgent(host, port, folder);
        }
        catch (Exception e)
        {
            Console.WriteLine(e.Message);
            Thread.Sleep(Pause);
        }

        new NanoBoot().Reset();
    }

    /// <exception cref="InvalidOperationException">The store lacks the value that the message names.</exception>
    private static void RunAgent(string host, int port, string folder)
    {
        var platform = new NanoPlatform(host, port, folder, null);
        var crypto = new NanoCrypto();
        var flash = new DeviceFileFlash(folder, BlockLength, BlockCount);
        flash.Yield = platform.FeedWatchdog;
        var boot = new NanoBoot();
        RsaPublicKey signer = RsaPublicKey.Load(platform, "signer");
        signer.Yield = platform.FeedWatchdog;
        var trust = new DeviceTrust(new RsaPublicKey[] { signer });
        var engine = new OtaEngine(flash, OtaLayout.Divide(flash, false), trust, boot, new OtaOptions(Load(platform, "product")));
        engine.Start();

        var settings = new DeviceAgentSettings();
        settings.Tunnel.DeviceId = Load(platform, "id");
        settings.Tunnel.PskMix = Load(platform, "psk-mix");
        settings.Tunnel.Context = platform.Load("context") ?? new byte[0];
        settings.Tunnel.Pins = new RsaPublicKey[] { RsaPublicKey.Load(platform, "pin") };
        var agent = new DeviceAgent(settings, platform, crypto, DeviceRandom.Create(platform, crypto));
        signer.Yield = agent.FeedWatchdog;
        flash.Yield = agent.FeedWatchdog;
        agent.UseUpdates(engine, boot, null);
        agent.AddFunction("led", argument => argument == "on" ? 1 : 0);
        agent.AddVariable("uptime", () => (platform.Now / 1000).ToString());
        DeviceLoader.Run(engine, boot, new NanoAssemblyHost(), agent);
        agent.Publish("device/started", "1");
        agent.Run();
    }

    private static byte[] Load(NanoPlatform platform, string name) => platform.Load(name) ?? throw new InvalidOperationException(name);

    // Of the 64 blocks of I: on a board with 4 MB the banks take 48 at most; the store and the file system itself take some of the others.
    private const int BlockLength = 4096;
    private const int BlockCount = 48;

    // A board that cannot start tries again, not at once.
    private const int Pause = 10000;
}
