using System.Net;
using System.Net.Sockets;

namespace Flint.Coap.Tests;

/// <summary>
/// Stands between a client and a server and drops datagrams, both ways. Chance decides by a seed, but of the copies of one datagram never more than a number in a row are dropped, so that every exchange
/// ends in time: with at most two in a row, nine transmissions are enough.
/// </summary>
internal sealed class LossyRelay : IDisposable
{
    private readonly Socket _client = Bind();
    private readonly Socket _server = Bind();
    private readonly EndPoint _serverAddress;
    private readonly double _loss;
    private readonly int _mostInARow;
    private readonly Random _random;
    private readonly Dictionary<string, int> _inARow = [];
    private readonly Lock _gate = new();
    private EndPoint? _clientAddress;

    /// <param name="server">Where the server is.</param>
    /// <param name="loss">How much of the datagrams is to be lost, each way.</param>
    /// <param name="mostInARow">The most copies of one datagram that are dropped one after another; <see cref="int.MaxValue"/> leaves it to chance.</param>
    /// <param name="seed">Decides which.</param>
    public LossyRelay(IPEndPoint server, double loss, int mostInARow, int seed)
    {
        _serverAddress = server;
        _mostInARow = mostInARow;
        _random = new Random(seed);

        // What the bound in a row takes away from the loss is added in advance.
        _loss = loss * (1 + ((1 - loss) * loss / mostInARow));
        new Thread(() => Relay(_client, fromClient: true)) { IsBackground = true }.Start();
        new Thread(() => Relay(_server, fromClient: false)) { IsBackground = true }.Start();
    }

    public IPEndPoint Address => (IPEndPoint)_client.LocalEndPoint!;

    /// <summary>Whether what the server sends is dropped too.</summary>
    public bool LosesResponses { get; set; } = true;

    public int Passed { get; private set; }

    public int Dropped { get; private set; }

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }

    private void Relay(Socket socket, bool fromClient)
    {
        var buffer = new byte[2048];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        try
        {
            while (true)
            {
                int length = socket.ReceiveFrom(buffer, ref from);
                lock (_gate)
                {
                    _clientAddress = fromClient ? from : _clientAddress;
                    if ((fromClient || LosesResponses) && Drops($"{fromClient} {Convert.ToHexString(buffer, 0, length)}"))
                    {
                        continue;
                    }
                }

                (fromClient ? _server : _client).SendTo(buffer.AsSpan(0, length), fromClient ? _serverAddress : _clientAddress!);
            }
        }
        catch (SocketException)
        {
            // Disposed.
        }
        catch (ObjectDisposedException)
        {
        }
    }

    private bool Drops(string datagram)
    {
        int inARow = _inARow.GetValueOrDefault(datagram);
        bool drops = inARow < _mostInARow && _random.NextDouble() < _loss;
        _inARow[datagram] = drops ? inARow + 1 : 0;
        Dropped += drops ? 1 : 0;
        Passed += drops ? 0 : 1;
        return drops;
    }

    private static Socket Bind()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }
}
