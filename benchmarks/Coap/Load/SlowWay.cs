using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Flint.Benchmarks.Coap.Load;

/// <summary>A way between a client and a server: it counts the datagrams, takes its time for each, and loses some, by a seed.</summary>
internal sealed class SlowWay : IAsyncDisposable
{
    private readonly Socket _near = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Socket _far = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly CancellationTokenSource _end = new();
    private readonly TimeSpan _delay;
    private readonly double _loss;
    private readonly Random _random;
    private readonly Task _running;
    private EndPoint? _client;
    private long _count;

    public SlowWay(IPEndPoint server, TimeSpan delay, double loss, int seed)
    {
        _delay = delay;
        _loss = loss;
        _random = new Random(seed);
        _near.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _far.Connect(server);
        _near.ReceiveBufferSize = _far.ReceiveBufferSize = Buffer;
        _running = Task.WhenAll(CarryAsync(fromClient: true), CarryAsync(fromClient: false));
    }

    public Uri Address => new($"coap://{_near.LocalEndPoint}");

    /// <summary>How many datagrams have been sent, those that were lost among them.</summary>
    public long Count => Interlocked.Read(ref _count);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        _near.Dispose();
        _far.Dispose();
        _end.Dispose();
    }

    private async Task CarryAsync(bool fromClient)
    {
        Channel<(DateTime Due, byte[] Datagram)> under = Channel.CreateUnbounded<(DateTime, byte[])>();
        Task arriving = ArriveAsync(under.Reader, fromClient);
        var buffer = new byte[2048];
        try
        {
            while (true)
            {
                int length;
                if (fromClient)
                {
                    SocketReceiveFromResult received = await _near.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _end.Token);
                    _client = received.RemoteEndPoint;
                    length = received.ReceivedBytes;
                }
                else
                {
                    length = await _far.ReceiveAsync(buffer, SocketFlags.None, _end.Token);
                }

                Interlocked.Increment(ref _count);
                if (!IsLost())
                {
                    under.Writer.TryWrite((DateTime.UtcNow + _delay, buffer[..length]));
                }
            }
        }
        catch (OperationCanceledException)
        {
            under.Writer.Complete();
        }

        await arriving;
    }

    private async Task ArriveAsync(ChannelReader<(DateTime Due, byte[] Datagram)> under, bool fromClient)
    {
        await foreach ((DateTime due, byte[] datagram) in under.ReadAllAsync())
        {
            TimeSpan wait = due - DateTime.UtcNow;
            if (wait > TimeSpan.FromMilliseconds(1) && !_end.IsCancellationRequested)
            {
                await Task.Delay(wait);
            }

            if (!_end.IsCancellationRequested)
            {
                await (fromClient ? _far.SendAsync(datagram) : _near.SendToAsync(datagram, _client!));
            }
        }
    }

    private bool IsLost()
    {
        lock (_random)
        {
            return _random.NextDouble() < _loss;
        }
    }

    private const int Buffer = 4 << 20;
}
