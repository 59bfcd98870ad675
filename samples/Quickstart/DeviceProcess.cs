using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Flint.Coap;
using Flint.Ota;
using Flint.SecureTunnel;

namespace Flint.Quickstart;

/// <summary>
/// The device: boots what its flash says, connects, serves its function and variable, and updates itself. Its process may be killed at any instant;
/// nothing it needs is anywhere but in flash.
/// </summary>
internal sealed class DeviceProcess : IDisposable
{
    private readonly Role _role;
    private readonly DeviceSettings _settings;
    private readonly DeviceFlash _flash;
    private readonly DeviceUpdater _updater;
    private readonly CancellationTokenSource _stop;
    private readonly TaskCompletionSource _resetAllowed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CoapConnection? _connection;

    private DeviceProcess(string folder, string settingsFile, Role role, CancellationToken cancellationToken)
    {
        _role = role;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _settings = DeviceSettings.Load(folder, settingsFile);
        _flash = DeviceFlash.Open(folder, _settings);
        _updater = new DeviceUpdater(_flash, _settings.Product, role);
    }

    public static async Task<int> RunAsync(string folder, string settingsFile, int port, Role role, CancellationToken cancellationToken)
    {
        using var device = new DeviceProcess(folder, settingsFile, role, cancellationToken);
        role.ListenForCommands(device.OnCommand, device._stop.Cancel);
        try
        {
            return await device.RunAsync(port);
        }
        catch (OperationCanceledException) when (device._stop.IsCancellationRequested)
        {
            return ExitCode.Done;
        }
    }

    public void Dispose()
    {
        _flash.Dispose();
        _stop.Dispose();
    }

    private async Task<int> RunAsync(int port)
    {
        _updater.Boot();
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, port, _stop.Token);
        IDuplexPipe transport = SecureTunnelTransport.FromStream(client.GetStream());
        try
        {
            using SecureTunnelCredential credential = SecureTunnelCredential.FromPsk(_settings.Psk);
            await using SecureTunnelConnection tunnel = await SecureTunnelClient.ConnectAsync(transport, TunnelOptions(credential), _stop.Token);
            await using CoapConnection connection = CoapConnection.Start(tunnel, new CoapConnectionOptions
            {
                Handler = Routes().HandleAsync,
                Peer = new CoapPeer("gateway"),
            });
            _connection = connection;
            SecureTunnelStatistics cost = tunnel.Statistics;
            _role.Report("connected", ("sent", cost.HandshakeBytesSent), ("received", cost.HandshakeBytesReceived), ("milliseconds", cost.HandshakeDuration.TotalMilliseconds));
            return await ServeAsync(connection);
        }
        catch (SecureTunnelHandshakeException exception)
        {
            _role.Report("refused", ("alert", exception.Alert.ToString()), ("reason", exception.Reason.ToString()));
            return ExitCode.Refused;
        }
    }

    private SecureTunnelClientOptions TunnelOptions(SecureTunnelCredential credential) => new()
    {
        Suite = SecureTunnelSuite.RsaOaepAes128Gcm,
        Pins = new SecureTunnelPinSet(SecureTunnelPin.FromPem(_settings.ServerPin, SecureTunnelKeyUsage.Encryption)),
        DeviceId = new SecureTunnelDeviceId(_settings.DeviceId),
        Credential = credential,
        ApplicationContext = DeviceSettings.ApplicationContext.ToArray(),
    };

    private CoapRouter Routes() => new CoapRouter()
        .MapPost("/f/led", OnLed)
        .MapGet("/v/temperature", _ => CoapResponse.Content(_settings.Temperature))
        .MapPost("/u", OnOffer);

    private CoapResponse OnLed(CoapRequest request)
    {
        string argument = request.GetText();
        _role.Report("function", ("name", "led"), ("argument", argument));
        return CoapResponse.Changed(argument switch { "on" => "1", "off" => "0", _ => "2" });
    }

    private CoapResponse OnOffer(CoapRequest request)
    {
        OtaStatus status = _updater.Offer(request.Payload.ToArray());
        return status == OtaStatus.Ok ? CoapResponse.Changed("Accepted") : CoapResponse.Error(CoapCode.Forbidden, status.ToString());
    }

    private async Task<int> ServeAsync(CoapConnection gateway)
    {
        if (_updater.RolledBackBecause is OtaReason reason)
        {
            await PublishAsync("ota/rolled-back", reason.ToString());
        }

        if (_updater.IsOnTrial)
        {
            if (!_updater.SelfTest())
            {
                return ExitCode.Reset;
            }

            await PublishAsync("ota/confirmed", _updater.RunningVersion);
        }

        while (true)
        {
            OtaReason? failure = await _updater.DownloadAsync(gateway, _stop.Token);
            if (failure is null)
            {
                // A device resets at once. This one waits for the story, which takes the power away here or lets it go on.
                await _resetAllowed.Task.WaitAsync(_stop.Token);
                return ExitCode.Reset;
            }

            await PublishAsync("ota/failed", failure.Value.ToString());
        }
    }

    private Task PublishAsync(string name, string payload) =>
        _connection!.PublishAsync("/e/" + name, Encoding.UTF8.GetBytes(payload), CoapContentFormat.TextPlain, _stop.Token);

    private void OnCommand(JsonElement command)
    {
        switch (command.GetProperty("command").GetString())
        {
            case "publish":
                _ = PublishAsync(command.GetProperty("name").GetString()!, command.GetProperty("payload").GetString()!);
                break;
            case "progress":
                _updater.ReportProgress("progress-now");
                break;
            case "digest":
                _role.Report("digest", ("sha256", _updater.RunningDigest()));
                break;
            case "reset":
                _resetAllowed.SetResult();
                break;
            case "stop":
                _stop.Cancel();
                break;
            default:
                break;
        }
    }
}
