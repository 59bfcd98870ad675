extern alias nano;

using System.Security.Cryptography;
using Flint.Ota;
using Flint.SecureTunnel;
using Flint.Testing;
using nano::Flint.Device.Nano;
using DeviceBoot = nano::Flint.Ota.OtaBoot;
using DeviceEngine = nano::Flint.Ota.OtaEngine;
using DeviceLayout = nano::Flint.Ota.OtaLayout;
using DeviceOptions = nano::Flint.Ota.OtaOptions;

namespace Flint.Integration.Tests.Support;

/// <summary>
/// A device's board: the program of samples/NanoDevice over the package's own adapters, sockets and files, on .NET. Its folder survives what happens to it; each
/// <see cref="Start"/> is a boot.
/// </summary>
internal sealed class NanoBoard : IDisposable
{
    public const string Id = "3f0022000b47";
    private const int BlockLength = 4096;
    private const int BlockCount = 96;

    private readonly string _folder = Directory.CreateTempSubdirectory("flint-nano-board-").FullName + Path.DirectorySeparatorChar;
    private readonly byte[] _context;
    private readonly RsaPublicKey _pin;
    private readonly RsaPublicKey _signer;
    private DeviceAgent? _agent;
    private Thread? _thread;

    public NanoBoard(RSA tunnelKey, RSA releaseKey, byte[] context)
    {
        _context = context;
        _pin = Key(tunnelKey, SecureTunnelKeyUsage.Encryption);
        _signer = Key(releaseKey, SecureTunnelKeyUsage.Signing);
    }

    public byte[] Psk { get; } = RandomNumberGenerator.GetBytes(32);

    public static byte[] Product => "nano-board"u8.ToArray();

    public string Temperature { get; set; } = "22.5";

    /// <summary>What the device boots and is asked for; null before the first start.</summary>
    public DeviceEngine? Engine { get; private set; }

    public DeviceAgent Agent => _agent!;

    public bool IsRunning => _thread is { IsAlive: true };

    /// <summary>The factory: the first image into the same files.</summary>
    public void InstallFirst(OtaRelease release, RSA releaseKey) =>
        FactoryFlash.InstallFirst(new DeviceFileFlash(_folder, BlockLength, BlockCount), release, releaseKey);

    public void Start(int port)
    {
        var platform = new NanoPlatform("127.0.0.1", port, _folder, null);
        var crypto = new NanoCrypto();
        var flash = new DeviceFileFlash(_folder, BlockLength, BlockCount);
        var boot = new BootStage();
        var engine = new DeviceEngine(flash, DeviceLayout.Divide(flash, false), new DeviceTrust([_signer]), boot, new DeviceOptions(Product));
        engine.Start();
        var settings = new DeviceAgentSettings { MinBackoff = 50, MaxBackoff = 200, ObserveInterval = 20 };
        settings.Tunnel.DeviceId = System.Text.Encoding.UTF8.GetBytes(Id);
        settings.Tunnel.PskMix = TunnelPsk.Mix(crypto, Psk);
        settings.Tunnel.Context = _context;
        settings.Tunnel.Pins = [_pin];
        var agent = new DeviceAgent(settings, platform, crypto, DeviceRandom.Create(platform, crypto));
        agent.UseUpdates(engine, boot, null);
        agent.AddFunction("led", argument => argument == "on" ? 1 : 0);
        agent.AddVariable("temperature", () => Temperature);
        (Engine, _agent) = (engine, agent);
        _thread = new Thread(agent.Run) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>The power goes: nothing is said to anybody, what was in RAM is gone.</summary>
    public void Kill()
    {
        _agent?.Stop();
        Assert.True(_thread is null || _thread.Join(20_000), "the agent does not come to its end");
    }

    /// <summary>What the running bank holds.</summary>
    public byte[] RunningImage()
    {
        byte[] image = new byte[Engine!.ImageLength(0)];
        Assert.True(Engine.TryReadImage(0, 0, image, 0, image.Length));
        return image;
    }

    public void Dispose()
    {
        Kill();
        Directory.Delete(_folder, recursive: true);
    }

    private static RsaPublicKey Key(RSA key, SecureTunnelKeyUsage usage)
    {
        byte[] blob = SecureTunnelPin.FromSpki(key.ExportSubjectPublicKeyInfo(), usage).ExportKeyBlob();
        return RsaPublicKey.Read(blob, 0, blob.Length)!;
    }

    /// <summary>This program is the boot stage; a reset is the end of the agent, and the test starts it again.</summary>
    private sealed class BootStage : DeviceBoot
    {
        public override int RunningBank => -1;

        public override void SetNext(int bank)
        {
        }

        public override void Reset()
        {
        }
    }
}
