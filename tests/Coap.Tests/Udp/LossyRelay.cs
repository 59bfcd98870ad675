using System.Net;
using System.Net.Sockets;

namespace Flint.Coap.Tests.Udp;

/// <summary>Stands between one client and a server on loopback, and loses datagrams both ways by a seed.</summary>
internal sealed class LossyRelay : IAsyncDisposable
{
    private readonly Socket _toClient = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Socket _toServer = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly CancellationTokenSource _stop = new();
    private readonly Random _random;
    private readonly double _loss;
    private readonly Task _running;
    private EndPoint? _client;
    private int _lost;

    public LossyRelay(int serverPort, double loss, int seed)
    {
        _random = new Random(seed);
        _loss = loss;
        _toClient.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _toServer.Connect(IPAddress.Loopback, serverPort);
        _running = Task.WhenAll(ForwardAsync(), ReturnAsync());
    }

    public Uri Address => new($"coap://127.0.0.1:{((IPEndPoint)_toClient.LocalEndPoint!).Port}");

    public int Lost => Volatile.Read(ref _lost);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _toClient.Dispose();
        _toServer.Dispose();
        _stop.Dispose();
    }

    private async Task ForwardAsync()
    {
        var buffer = new byte[2048];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                SocketReceiveFromResult received = await _toClient.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
                _client = received.RemoteEndPoint;
                if (!IsLost())
                {
                    await _toServer.SendAsync(buffer.AsMemory(0, received.ReceivedBytes), SocketFlags.None, _stop.Token);
                }
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // The other side is closed; the next one may not be.
            }
        }
    }

    private async Task ReturnAsync()
    {
        var buffer = new byte[2048];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                int length = await _toServer.ReceiveAsync(buffer, SocketFlags.None, _stop.Token);
                if (!IsLost() && _client is EndPoint client)
                {
                    await _toClient.SendToAsync(buffer.AsMemory(0, length), SocketFlags.None, client, _stop.Token);
                }
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // As above.
            }
        }
    }

    private bool IsLost()
    {
        lock (_random)
        {
            bool isLost = _random.NextDouble() < _loss;
            _lost += isLost ? 1 : 0;
            return isLost;
        }
    }
}
