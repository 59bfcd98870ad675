using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Spectre.Console;

namespace Flint.Quickstart;

/// <summary>
/// The demonstration, from provisioning to the refused downgrade. It holds the device's power: it starts the process, takes the power away
/// where the story says so, and starts it again when the device asks for a reset.
/// </summary>
internal sealed partial class Flight : IAsyncDisposable
{
    private const int Steps = 6;

    private readonly Timeline _timeline = new();
    private readonly FlightOptions _options;
    private readonly Random _random;
    private readonly string _folder;
    private readonly CancellationToken _cancellationToken;
    private Provisioned _provisioned = null!;
    private ChildProcess? _gateway;
    private ChildProcess? _device;
    private int _port;

    private Flight(FlightOptions options, CancellationToken cancellationToken)
    {
        _options = options;
        _cancellationToken = cancellationToken;
        Seed = options.Seed ?? RandomNumberGenerator.GetInt32(int.MaxValue);
        _random = new Random(Seed);
        _folder = Directory.CreateTempSubdirectory("flint-quickstart-").FullName;
    }

    private int Seed { get; }

    private ChildProcess Gateway => _gateway ?? throw new FlightException("The gateway is not running.");

    private ChildProcess Device => _device ?? throw new FlightException("The device is not running.");

    /// <returns>0 only if every step did what it says.</returns>
    public static async Task<int> RunAsync(FlightOptions options, CancellationToken cancellationToken)
    {
        await using var flight = new Flight(options, cancellationToken);
        bool ok = false;
        try
        {
            AnsiConsole.MarkupLine($"[bold]Flint quickstart[/]: a device calls home through the tunnel and updates itself. Seed {flight.Seed}.");
            await flight.ProvisionAsync();
            await flight.TunnelAsync();
            await flight.CoapAsync();
            await flight.UpdateAsync();
            await flight.RollBackAsync();
            await flight.RefuseAsync();
            ok = true;
        }
        catch (FlightException exception)
        {
            flight.Fail(exception.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            flight.Fail("stopped by the user");
        }
        catch (Exception exception)
        {
            flight.Fail(exception.ToString());
        }

        return flight._timeline.Summarise(Steps) && ok ? ExitCode.Done : 1;
    }

    public async ValueTask DisposeAsync()
    {
        if (_device is not null)
        {
            await _device.DisposeAsync();
        }

        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }

        if (_options.Keep)
        {
            AnsiConsole.MarkupLine($"Kept: {Markup.Escape(_folder)}");
        }
        else
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private void Fail(string why)
    {
        _timeline.Say("flight", why);
        _timeline.Fail(why.Split('\n')[0]);
    }

    private async Task ProvisionAsync()
    {
        _timeline.Begin("1 Provisioning: keys, a PSK, signed firmware");
        _provisioned = await Provisioning.RunAsync(_folder, _options, _random, text => _timeline.Say("flight", text));
        _timeline.End($"device {_provisioned.DeviceId}, {_provisioned.Images.Count} signed images, {Bytes(_provisioned.Images[0].Length)} in the factory bank");
    }

    private async Task TunnelAsync()
    {
        _timeline.Begin("2 The tunnel: suite S1, pinned RSA key, PSK inside, AES-128-GCM records");
        _gateway = ChildProcess.Start("gateway", "gateway", "--folder", _folder);
        _port = (await Gateway.WaitForAsync("listening", _cancellationToken)).GetProperty("port").GetInt32();
        _timeline.Say("gateway", $"process {Gateway.Id} listens on 127.0.0.1:{_port}");

        await TurnAwayAsync("a wrong pin", DeviceSettings.WrongPinFileName);
        await TurnAwayAsync("a wrong PSK", DeviceSettings.WrongPskFileName);

        JsonElement boot = await StartDeviceAsync();
        Expect(Text(boot, "source") == "Confirmed" && Text(boot, "version") == Provisioned.FactoryVersion, $"the factory firmware boots (it was {boot})");
        JsonElement connected = await Device.WaitForAsync("connected", _cancellationToken);
        JsonElement accepted = await Gateway.WaitForAsync("connected", _cancellationToken);
        Expect(Text(accepted, "device") == _provisioned.DeviceId, "the gateway knows the device by its authenticated id");
        string wire = $"{Number(connected, "sent")} B out + {Number(connected, "received")} B in, {Number(connected, "sent") + Number(connected, "received")} B in all";
        string time = $"{connected.GetProperty("milliseconds").GetDouble().ToString("0.0", CultureInfo.InvariantCulture)} ms";
        _timeline.Say("device", $"handshake done: {wire}, {time}");
        _timeline.Say("gateway", $"device {Text(accepted, "device")} is connected, suite {Text(accepted, "suite")}");
        _timeline.End($"handshake {wire}, {time}; a wrong pin and a wrong PSK turned away");
    }

    /// <summary>Starts a device whose settings are wrong; both sides must say so, and nobody is connected.</summary>
    private async Task TurnAwayAsync(string what, string settings)
    {
        await using ChildProcess stranger = ChildProcess.Start("stranger", "device", "--folder", _folder, "--settings", settings, "--port", Port);
        JsonElement refused = await stranger.WaitForAsync("refused", _cancellationToken);
        JsonElement seen = await Gateway.WaitForAsync("refused", _cancellationToken);
        Expect(await stranger.WaitForExitAsync(_cancellationToken) == ExitCode.Refused, $"a device with {what} is turned away");
        _timeline.Say("device", $"with {what}: turned away, alert '{Text(refused, "alert")}'");
        _timeline.Say("gateway", $"its own log says {Text(seen, "reason")}; the peer learns the alert only");
    }

    private async Task CoapAsync()
    {
        _timeline.Begin("3 CoAP through the tunnel: a function, a variable, an event");
        string argument = _random.Next(2) == 0 ? "on" : "blink";
        Gateway.Send("call", ("function", "led"), ("argument", argument));
        JsonElement called = await Gateway.WaitForAsync("called", _cancellationToken);
        JsonElement ran = await Device.WaitForAsync("function", _cancellationToken);
        Expect(Text(ran, "argument") == argument && Text(called, "code") == "2.04", $"POST /f/led runs on the device (it was {called})");
        _timeline.Say("gateway", $"POST /f/led '{argument}' → {Text(called, "code")}, result {Text(called, "payload")}");

        Gateway.Send("read", ("variable", "temperature"));
        JsonElement read = await Gateway.WaitForAsync("read", _cancellationToken);
        Expect(Text(read, "code") == "2.05" && Text(read, "payload") == _provisioned.Temperature, $"GET /v/temperature gives the device's value (it was {read})");
        _timeline.Say("gateway", $"GET /v/temperature → {Text(read, "code")}, {Text(read, "payload")} °C");

        Device.Send("publish", ("name", "button/hall"), ("payload", "pressed"));
        JsonElement published = await Gateway.WaitForAsync("event", _cancellationToken);
        Expect(Text(published, "name") == "button/hall" && Text(published, "payload") == "pressed", $"the event arrives (it was {published})");
        _timeline.Say("device", "POST /e/button/hall 'pressed', no response wanted (RFC 7967)");
        _timeline.Say("gateway", $"event {Text(published, "name")}: {Text(published, "payload")}, from {Text(published, "device")}");
        _timeline.End($"function → {Text(called, "payload")}, variable → {Text(read, "payload")} °C, event button/hall");
    }

    private string Port => _port.ToString(CultureInfo.InvariantCulture);

    /// <summary>Gives the device power; it boots and says what it boots and why.</summary>
    private async Task<JsonElement> StartDeviceAsync()
    {
        if (_device is not null)
        {
            await _device.DisposeAsync();
        }

        _device = ChildProcess.Start("device", "device", "--folder", _folder, "--port", Port);
        JsonElement boot = await _device.WaitForAsync("boot", _cancellationToken);
        _timeline.Say("device", $"process {_device.Id} boots {Text(boot, "version")} from bank {Text(boot, "bank")} ({Text(boot, "source")}{BootDetail(boot)})");
        return boot;
    }

    private static string BootDetail(JsonElement boot)
    {
        string attempts = Text(boot, "source") == "Trial" ? $", {Number(boot, "attemptsLeft")} attempts left" : "";
        string reason = Text(boot, "lastReason") is { Length: > 0 } last && last != "None" ? $", last outcome: {last}" : "";
        return attempts + reason;
    }

    private async Task<JsonElement> StartConnectedDeviceAsync()
    {
        JsonElement boot = await StartDeviceAsync();
        await Device.WaitForAsync("connected", _cancellationToken);
        await Gateway.WaitForAsync("connected", _cancellationToken);
        return boot;
    }

    /// <summary>The device runs this image, whole: the digest of what stands in its running bank is that of the file.</summary>
    private async Task ExpectRunningAsync(FirmwareImage image)
    {
        Device.Send("digest");
        JsonElement digest = await Device.WaitForAsync("digest", _cancellationToken);
        Expect(Text(digest, "sha256") == image.Digest, $"the running bank holds {image.Version}, byte for byte");
    }

    private static void Expect(bool condition, string what)
    {
        if (!condition)
        {
            throw new FlightException($"Expected that {what}.");
        }
    }

    private static string Text(JsonElement report, string name) =>
        report.TryGetProperty(name, out JsonElement value) ? value.ToString() : throw new FlightException($"The report {report} has no '{name}'.");

    private static long Number(JsonElement report, string name) => report.GetProperty(name).GetInt64();

    private static string Bytes(long count) =>
        count < 10_000 ? $"{count} B" : string.Create(CultureInfo.InvariantCulture, $"{count / 1024.0:0.0} KiB");
}
