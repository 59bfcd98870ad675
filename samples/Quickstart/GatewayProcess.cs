using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Flint.Coap;
using Flint.Ota;
using Flint.SecureTunnel;

namespace Flint.Quickstart;

/// <summary>
/// The server: accepts tunnels on loopback, calls the device's functions, reads its variables, takes its events, offers releases and serves their bytes.
/// The three libraries meet here: a socket becomes a pipe, the tunnel makes a pipe of it, CoAP runs over that, and OTA gives and takes bytes.
/// </summary>
internal sealed class GatewayProcess : IDisposable
{
    private readonly Role _role;
    private readonly ReleaseStore _releases;
    private readonly SecureTunnelServerOptions _tunnelOptions;
    private readonly SecureTunnelTicketRing _tickets = new(System.Security.Cryptography.RandomNumberGenerator.GetBytes(SecureTunnelTicketRing.KeyLength));
    private readonly CancellationTokenSource _stop;
    private readonly Lock _holdLock = new();
    private CoapConnection? _device;
    private TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _holdAfter;
    private bool _isHolding;
    private long _imageBytes;

    private GatewayProcess(string folder, Role role, CancellationToken cancellationToken)
    {
        _role = role;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ServerSettings settings = ServerSettings.Load(folder);
        _releases = new ReleaseStore(folder, settings.Releases);
        var devices = new InMemoryDeviceStore();
        foreach ((string id, byte[] psk) in settings.Devices)
        {
            devices.Set(new SecureTunnelDeviceId(id), SecureTunnelDevice.FromPsk(psk));
        }

        _tunnelOptions = new SecureTunnelServerOptions
        {
            Keys = [SecureTunnelServerKey.FromPem(settings.TunnelKey, SecureTunnelKeyUsage.Encryption)],
            // CCM is what devices on nanoFramework speak: samples/NanoDevice connects here as well.
            Suites = [SecureTunnelSuite.RsaOaepAes128Gcm, SecureTunnelSuite.RsaOaepAes128Ccm],
            Tickets = _tickets,
            Devices = devices,
            ApplicationContext = DeviceSettings.ApplicationContext.ToArray(),
        };
    }

    public static async Task<int> RunAsync(string folder, Role role, CancellationToken cancellationToken)
    {
        using var gateway = new GatewayProcess(folder, role, cancellationToken);
        role.ListenForCommands(gateway.OnCommand, gateway._stop.Cancel);
        await gateway.ServeAsync();
        return ExitCode.Done;
    }

    public void Dispose()
    {
        _tickets.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _role.Report("listening", ("port", ((IPEndPoint)listener.LocalEndpoint).Port));
        try
        {
            while (true)
            {
                Socket socket = await listener.AcceptSocketAsync(_stop.Token);
                _ = ServeDeviceAsync(socket);
            }
        }
        catch (OperationCanceledException)
        {
            // The flight is over.
        }
    }

    private async Task ServeDeviceAsync(Socket socket)
    {
        socket.NoDelay = true;
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            await using SecureTunnelConnection tunnel = await SecureTunnelServer.AcceptAsync(SecureTunnelTransport.FromStream(stream), _tunnelOptions, _stop.Token);
            string deviceId = tunnel.Peer.DeviceId.ToString();
            await using CoapConnection connection = CoapConnection.Start(tunnel, new CoapConnectionOptions
            {
                Handler = Routes().HandleAsync,
                Peer = new CoapPeer(deviceId),
            });
            _imageBytes = 0;
            _device = connection;
            _role.Report("connected", ("device", deviceId), ("suite", tunnel.Suite.ToString()), ("resumed", tunnel.Resumed));
            await connection.Completion;
            _role.Report("disconnected", ("device", deviceId), ("imageBytes", Interlocked.Read(ref _imageBytes)));
        }
        catch (SecureTunnelHandshakeException exception)
        {
            _role.Report("refused", ("reason", exception.Reason.ToString()), ("alert", exception.Alert.ToString()));
        }
        catch (OperationCanceledException)
        {
            // The flight is over.
        }
    }

    private CoapRouter Routes() => new CoapRouter()
        .MapPost("/e/{*name}", OnEvent)
        .MapGet("/o/{artifact}", OnChunkAsync);

    private CoapResponse OnEvent(CoapRequest request)
    {
        _role.Report("event", ("device", request.Peer.Identity), ("name", request.Route("name")), ("payload", request.GetText()));
        return CoapResponse.Changed();
    }

    /// <summary>GET /o/{artifact}?o=offset&amp;n=length: a range of an artifact in its frame. Stateless: whoever asks says what for.</summary>
    private async ValueTask<CoapResponse> OnChunkAsync(CoapRequest request, CancellationToken cancellationToken)
    {
        if (!TryParse(request, out byte[] artifact, out int offset, out int length))
        {
            return CoapResponse.Error(CoapCode.BadRequest);
        }

        bool isImage = _releases.IsImage(artifact);
        if (isImage)
        {
            await HoldAsync(offset + length, cancellationToken);
        }

        byte[] frame = new byte[OtaChunkFrame.HeaderLength + length];
        if (!OtaChunk.TryWrite(_releases, artifact, offset, length, frame, out int written))
        {
            return CoapResponse.NotFound();
        }

        Interlocked.Add(ref _imageBytes, isImage ? length : 0);
        return CoapResponse.Content(frame.AsMemory(0, written));
    }

    private static bool TryParse(CoapRequest request, out byte[] artifact, out int offset, out int length)
    {
        artifact = new byte[OtaRequest.ArtifactLength];
        length = 0;
        return int.TryParse(request.Query("o"), NumberStyles.None, CultureInfo.InvariantCulture, out offset)
            && int.TryParse(request.Query("n"), NumberStyles.None, CultureInfo.InvariantCulture, out length)
            && length is > 0 and <= OtaChunkFrame.MaxDataLength
            && Convert.FromHexString(request.Route("artifact"), artifact, out _, out int bytes) == System.Buffers.OperationStatus.Done
            && bytes == artifact.Length;
    }

    /// <summary>The link that stalls: what lies beyond the point where the story cuts the power is not answered until the story goes on.</summary>
    private async Task HoldAsync(long end, CancellationToken cancellationToken)
    {
        Task released;
        lock (_holdLock)
        {
            if (_holdAfter == 0 || end <= _holdAfter)
            {
                return;
            }

            if (!_isHolding)
            {
                _isHolding = true;
                _role.Report("holding", ("bytes", _holdAfter));
            }

            released = _released.Task;
        }

        await released.WaitAsync(cancellationToken);
    }

    private void Hold(long bytes)
    {
        lock (_holdLock)
        {
            _holdAfter = bytes;
            _isHolding = false;
            _released.TrySetResult();
            _released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private void OnCommand(JsonElement command) => _ = RunCommandAsync(command);

    private async Task RunCommandAsync(JsonElement command)
    {
        string Text(string name) => command.GetProperty(name).GetString() ?? "";
        try
        {
            switch (Text("command"))
            {
                case "call":
                    CoapResponse called = await Device.PostAsync("/f/" + Text("function"), Encoding.UTF8.GetBytes(Text("argument")), CoapContentFormat.TextPlain, _stop.Token);
                    _role.Report("called", ("code", called.Code.ToDotted()), ("payload", called.GetText()));
                    break;
                case "read":
                    CoapResponse read = await Device.GetAsync("/v/" + Text("variable"), _stop.Token);
                    _role.Report("read", ("code", read.Code.ToDotted()), ("payload", read.GetText()));
                    break;
                case "offer":
                    byte[] manifest = _releases.Manifest(Text("release"));
                    CoapResponse offered = await Device.PostAsync("/u", manifest, CoapContentFormat.OctetStream, _stop.Token);
                    _role.Report("offered", ("code", offered.Code.ToDotted()), ("status", offered.GetText()), ("manifestBytes", manifest.Length));
                    break;
                case "hold":
                    Hold(command.GetProperty("bytes").GetInt64());
                    break;
                case "tamper":
                    _releases.TamperedOffset = command.GetProperty("offset").GetInt64();
                    break;
                case "forge":
                    _releases.Forge(Text("release"));
                    _role.Report("forged");
                    break;
                case var other:
                    throw new UnreachableException($"No command '{other}'.");
            }
        }
        catch (Exception exception)
        {
            _role.Report("error", ("message", exception.Message), ("detail", exception.ToString()));
        }
    }

    private CoapConnection Device => _device ?? throw new FlightException("No device is connected.");
}
