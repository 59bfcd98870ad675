extern alias ota;

using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Flint.Coap;
using Flint.SecureTunnel;
using Flint.Testing;
using OtaChunk = ota::Flint.Ota.OtaChunk;
using OtaRelease = ota::Flint.Ota.OtaRelease;

namespace Flint.Device.Nano.Tests.Support;

/// <summary>A gateway on loopback out of the server packages: tunnel, CoAP, offers and chunks.</summary>
internal sealed class Gateway : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly SecureTunnelTicketRing _tickets = new(new byte[SecureTunnelTicketRing.KeyLength]);
    private readonly CoapRouter _router;
    private TcpClient? _client;
    private volatile TaskCompletionSource<CoapConnection> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Gateway()
    {
        _router = new CoapRouter()
            .MapPost("/e/{*name}", request =>
            {
                Events.Enqueue($"{request.Route("name")}={request.GetText()}");
                return CoapResponse.Changed();
            })
            .MapGet("/u", request => TryBadAnswer(request, isOffer: true) ?? (Release is { } release && !Hides ? CoapResponse.Content(release.Envelope) : CoapResponse.NotFound()))
            .MapGet("/o/{artifact}", request => TryBadAnswer(request, isOffer: false) ?? Chunk(request));
        _listener.Start();
        _ = Task.Run(AcceptAll);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public ConcurrentQueue<string> Events { get; } = new();

    public OtaRelease? Release { get; set; }

    /// <summary>No offers, but chunks: the device goes on by itself.</summary>
    public bool Hides { get; set; }

    public int ChunksServed { get; private set; }

    /// <summary>How many chunks are served; further ones are answered 4.04.</summary>
    public int ChunksToServe { get; set; } = int.MaxValue;

    /// <summary>After as many chunks the connection is cut; 0: never.</summary>
    public int CutAfterChunks { get; set; }

    /// <summary>How many requests are answered by <see cref="BadAnswer"/>: the last three of them for chunks.</summary>
    public int BadAnswers { get; set; }

    public Func<CoapRequest, CoapResponse> BadAnswer { get; set; } = request => CoapResponse.NotFound();

    public byte[] Psk { get; set; } = TunnelFixture.Psk;

    /// <summary>The next connection that a device makes, or the present one.</summary>
    public Task<CoapConnection> Connection => _connected.Task.WaitAsync(Eventually.Limit);

    /// <summary>Cuts the present connection as a network does.</summary>
    public void Cut()
    {
        _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _client?.Dispose();
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _client?.Dispose();
        _tickets.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAll()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                client.NoDelay = true;
                _client = client;
                _ = Task.Run(() => Serve(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The gateway stops.
        }
    }

    private async Task Serve(TcpClient client)
    {
        try
        {
            var devices = new InMemoryDeviceStore();
            devices.Set(new SecureTunnelDeviceId("device-1"), SecureTunnelDevice.FromPsk(Psk));
            var options = new SecureTunnelServerOptions
            {
                Keys = [new SecureTunnelServerKey(TunnelFixture.Key("encryption"), SecureTunnelKeyUsage.Encryption)],
                Suites = [SecureTunnelSuite.RsaOaepAes128Ccm],
                Tickets = _tickets,
                Devices = devices,
                ApplicationContext = "test"u8.ToArray(),
            };
            Stream stream = client.GetStream();
            SecureTunnelConnection tunnel = await SecureTunnelServer.AcceptAsync(new Transport(stream), options, _stop.Token);
            CoapConnection connection = CoapConnection.Start(tunnel, new CoapConnectionOptions { Handler = _router.HandleAsync, CloseTimeout = TimeSpan.FromMilliseconds(100) });
            if (!_connected.TrySetResult(connection))
            {
                _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
                _connected.SetResult(connection);
            }

            await connection.Completion;
        }
        catch (Exception e) when (e is IOException or SecureTunnelException or OperationCanceledException or CoapException or ObjectDisposedException)
        {
            // The device came and went; that is what these tests are about.
        }
        finally
        {
            client.Dispose();
        }
    }

    private CoapResponse? TryBadAnswer(CoapRequest request, bool isOffer)
    {
        if (BadAnswers == 0 || (isOffer && BadAnswers <= 3))
        {
            return null;
        }

        BadAnswers--;
        return BadAnswer(request);
    }

    private CoapResponse Chunk(CoapRequest request)
    {
        if (Release is not { } release || ChunksServed >= ChunksToServe)
        {
            return CoapResponse.NotFound();
        }

        ChunksServed++;
        if (CutAfterChunks > 0 && ChunksServed == CutAfterChunks)
        {
            Cut();
        }

        int offset = int.Parse(request.Query("o")!, System.Globalization.CultureInfo.InvariantCulture);
        int length = int.Parse(request.Query("n")!, System.Globalization.CultureInfo.InvariantCulture);
        byte[] frame = new byte[length + 10];
        return OtaChunk.TryWrite(release, Convert.FromHexString(request.Route("artifact")), offset, length, frame, out int written)
            ? CoapResponse.Content(frame.AsMemory(0, written))
            : CoapResponse.NotFound();
    }

    private sealed class Transport(Stream stream) : IDuplexPipe
    {
        public PipeReader Input { get; } = PipeReader.Create(stream);

        public PipeWriter Output { get; } = PipeWriter.Create(stream);
    }
}
