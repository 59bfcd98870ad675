extern alias nano;

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Flint.Integration.Tests.Support;
using Flint.Ota;
using Flint.Snippets;
using Flint.Testing;
using nano::Flint.Device.Nano;
using DeviceSource = nano::Flint.Ota.OtaBootSource;

namespace Flint.Integration.Tests;

/// <summary>
/// samples/NanoDevice as a process, provisioned as the README of Flint.Device.Nano says, against the quickstart's gateway: it is killed in the middle of a
/// download, runs the assemblies that an update brought, and goes back from those that throw.
/// </summary>
public sealed class NanoDeviceTests : IDisposable
{
    private const string Id = "3f0022000b48";
    private static readonly byte[] Product = "nano-device"u8.ToArray();
    private readonly RSA _tunnelKey = RSA.Create(2048);
    private readonly RSA _releaseKey = RSA.Create(2048);
    private readonly byte[] _psk = RandomNumberGenerator.GetBytes(32);
    private readonly NanoProcess _device = new();

    public void Dispose()
    {
        _device.Dispose();
        _tunnelKey.Dispose();
        _releaseKey.Dispose();
    }

    [Fact]
    public async Task Device_KilledInMidDownload_RunsTheNewAssembliesAndGoesBackFromThoseThatThrow()
    {
        // A library of some size comes with the application, so that there is a middle of the download.
        byte[] application = DeviceNano.Bundle(File.ReadAllBytes(typeof(NanoApplication.Application).Assembly.Location), File.ReadAllBytes(typeof(VectorFile).Assembly.Location));
        byte[] faulty = DeviceBundleWriter.Write(FaultyApplication.EntryType, FaultyApplication.Create());
        Assert.True(DeviceNano.Provision(
            _device.Folder, Encoding.UTF8.GetBytes(Id), _psk, _tunnelKey.ExportSubjectPublicKeyInfoPem(), _releaseKey.ExportSubjectPublicKeyInfoPem(), Product, "flint/quickstart/1"u8.ToArray()));
        using var gateway = new QuickstartGateway(_tunnelKey, Id, _psk, ("1.0.0", Release(1, application), application), ("2.0.0", Release(2, faulty), faulty));

        Boot(gateway, DeviceSource.Recovery, 0, OtaReason.None, 0);
        AssertAnswer(gateway, "double", "21", "4.04", "");
        AssertAnswer(gateway, "led", "on", "2.04", "1");

        // Killed while it writes: what the gateway holds back keeps it from getting further than that.
        long before = _device.FlashBytes;
        gateway.Say("hold", ("bytes", 14_000));
        gateway.Say("offer", ("release", "1.0.0"));
        Assert.Equal("0", gateway.Await("offered").GetProperty("status").GetString());
        await KilledAsync(gateway, before + 8_000);
        gateway.Say("hold", ("bytes", 26_000));
        Boot(gateway, DeviceSource.Recovery, 0, OtaReason.None, 0);
        await KilledAsync(gateway, before + 20_000);
        gateway.Say("hold", ("bytes", 0));
        Boot(gateway, DeviceSource.Recovery, 0, OtaReason.None, 0);
        await _device.AwaitResetAsync();
        Assert.InRange(gateway.Await("disconnected").GetProperty("imageBytes").GetInt64(), 1, application.Length - 8_000);

        Boot(gateway, DeviceSource.Trial, 1, OtaReason.Confirmed, 0);
        AssertAnswer(gateway, "double", "21", "2.04", "42");

        gateway.Say("offer", ("release", "2.0.0"));
        Assert.Equal("0", gateway.Await("offered").GetProperty("status").GetString());
        await _device.AwaitResetAsync();

        // The boot on trial rejects what throws, and resets the device before it is heard of.
        _device.Start(gateway.Port);
        await _device.AwaitResetAsync();
        Boot(gateway, DeviceSource.Confirmed, 1, OtaReason.SelfTestFailed, DeviceLoader.DetailNotLoadable);
        AssertAnswer(gateway, "double", "4", "2.04", "8");
    }

    /// <summary>Kills the device once its files have grown to so many bytes.</summary>
    private async Task KilledAsync(QuickstartGateway gateway, long bytes)
    {
        await Eventually.HoldsAsync(() => _device.FlashBytes >= bytes);
        _device.Kill();
        gateway.Await("disconnected");
    }

    private OtaRelease Release(uint sequence, byte[] bundle)
    {
        OtaImage image = OtaImage.Create(bundle);
        byte[] manifest = new OtaManifestBuilder { Product = Product, Sequence = sequence }.Add(0, $"{sequence}.0.0", image).Build();
        return new OtaRelease(OtaSigner.Sign(manifest, _releaseKey), image);
    }

    /// <summary>Starts the device, which connects and says what it runs and why.</summary>
    private void Boot(QuickstartGateway gateway, DeviceSource source, uint sequence, OtaReason reason, uint detail)
    {
        _device.Start(gateway.Port);
        gateway.Await("connected");
        JsonElement report;
        do
        {
            report = gateway.Await("event");
        }
        while (report.GetProperty("name").GetString() != "device/boot");

        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"{(int)source} {sequence} {(int)reason} {detail}"), report.GetProperty("payload").GetString());
    }

    private static void AssertAnswer(QuickstartGateway gateway, string function, string argument, string code, string payload)
    {
        gateway.Say("call", ("function", function), ("argument", argument));
        JsonElement report = gateway.Await("called");
        Assert.Equal((code, payload), (report.GetProperty("code").GetString(), report.GetProperty("payload").GetString()));
    }
}
