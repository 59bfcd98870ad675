using System.Security.Cryptography;

namespace Flint.Device.Nano.Tests.Support;

/// <summary>
/// A board without a network: its connections end in this object, which is the server's end of the tunnel and says what a test tells it to. Its clock
/// moves when the device waits. Nothing here is random but the server's own draws.
/// </summary>
internal sealed class ScriptedBoard(byte[] pskMix, byte[] deviceId, RSA key) : IDevicePlatform
{
    private Session? _session;
    private long _now;

    /// <summary>The board of the fixture's device and server.</summary>
    public ScriptedBoard()
        : this(TunnelPsk.Mix(TunnelFixture.Crypto, TunnelFixture.Psk), "device-1"u8.ToArray(), TunnelFixture.Key("encryption"))
    {
    }

    public Dictionary<string, byte[]> Storage { get; } = [];

    /// <summary>The CoAP bytes of the device, of all connections.</summary>
    public List<byte> Received { get; } = [];

    /// <summary>What the device read, and how many bytes it had written before that.</summary>
    public List<(int Written, byte[] Bytes)> Transcript { get; } = [];

    public int BytesWritten { get; private set; }

    public int BytesRead { get; private set; }

    public long Now => _now;

    public int Fed { get; private set; }

    public void Sleep(int milliseconds) => _now += milliseconds;

    public void FeedWatchdog() => Fed++;

    /// <summary>How many connections the device has not closed.</summary>
    public int OpenConnections { get; private set; }

    public IDeviceTransport Connect()
    {
        OpenConnections++;
        return _session = new Session(this);
    }

    public byte[]? Load(string name) => Storage.TryGetValue(name, out byte[]? value) ? (byte[])value.Clone() : null;

    public bool Save(string name, byte[] value)
    {
        Storage[name] = (byte[])value.Clone();
        return true;
    }

    /// <summary>Asked with the CoAP bytes of each record; false: the network takes the connection away with it.</summary>
    public Func<byte[], bool> Takes { get; set; } = coap => true;

    /// <summary>What answers the device's first or second frame in place of the server; null: the server does.</summary>
    public Func<int, byte[]?> Instead { get; set; } = frame => null;

    /// <summary>The longest record that the server takes.</summary>
    public int MaxRecord { get; set; } = 512;

    /// <summary>The CoAP bytes that the server begins with: a CSM.</summary>
    public byte[] Greeting { get; set; } = [0x00, 0xE1];

    /// <summary>Turns the agent's loop until something is so, within an hour of the board's clock.</summary>
    public void StepUntil(DeviceAgent agent, Func<bool> condition)
    {
        long limit = _now + 3_600_000;
        while (!condition())
        {
            Assert.True(_now < limit, "not within an hour");
            agent.Step();
        }
    }

    /// <summary>Sends CoAP bytes to the device in one record.</summary>
    public void Send(byte[] message) => _session!.Send(message);

    /// <summary>The network takes the connection away.</summary>
    public void Cut() => _session!.Cut();

    private sealed class Session(ScriptedBoard board) : IDeviceTransport
    {
        private readonly OracleServer _server = new(1, board.Key, board.PskMix, "test"u8.ToArray()) { Ticket = board.NextTicket(), MaxRecord = board.MaxRecord };
        private readonly List<byte> _fromDevice = [];
        private readonly Queue<byte> _toDevice = new();
        private int _frames;
        private bool _closed;
        private bool _closedByDevice;

        public int Read(byte[] buffer, int offset, int count, int timeout)
        {
            if (_toDevice.Count == 0 || _closed)
            {
                board._now += timeout;
                return _closed ? -1 : 0;
            }

            int read = 0;
            for (; read < count && _toDevice.Count > 0; read++)
            {
                buffer[offset + read] = _toDevice.Dequeue();
            }

            board.BytesRead += read;
            board.Transcript.Add((board.BytesWritten, buffer[offset..(offset + read)]));
            return read;
        }

        public bool Write(byte[] buffer, int offset, int count)
        {
            board.BytesWritten += count;
            _fromDevice.AddRange(buffer.AsSpan(offset, count));
            while (_fromDevice.Count >= 2 && _fromDevice.Count >= 2 + (_fromDevice[0] << 8) + _fromDevice[1])
            {
                int length = 2 + (_fromDevice[0] << 8) + _fromDevice[1];
                byte[] frame = [.. _fromDevice[..length]];
                _fromDevice.RemoveRange(0, length);
                OnFrame(frame);
            }

            return !_closed;
        }

        public void Close()
        {
            board.OpenConnections -= _closedByDevice ? 0 : 1;
            _closed = _closedByDevice = true;
        }

        public void Cut() => _closed = true;

        public void Send(byte[] message) => Reply(_server.Seal([0x17, .. message]));

        private void OnFrame(byte[] frame)
        {
            if (board.Instead(_frames) is { } bytes)
            {
                _frames++;
                Reply(bytes);
                return;
            }

            switch (_frames++)
            {
                case 0:
                    Reply(_server.Answer(frame, board.KeyOfTicket(frame)));
                    break;
                case 1:
                    Reply(_server.Accept(frame, board.DeviceId));
                    board._tickets.Add((_server.Ticket, _server.ResumptionKey));
                    Send(board.Greeting);
                    break;
                default:
                    byte[] inner = _server.Open(frame);
                    byte[] coap = inner[0] == 0x17 ? inner[1..] : [];
                    _closed |= !board.Takes(coap);
                    board.Received.AddRange(_closed ? [] : coap);
                    if (inner[0] == 0x14)
                    {
                        _server.UpdateClientKey();
                    }

                    break;
            }
        }

        private void Reply(byte[] bytes)
        {
            foreach (byte one in bytes)
            {
                _toDevice.Enqueue(one);
            }
        }
    }

    private byte[] NextTicket()
    {
        byte[] ticket = new byte[156];
        ticket[0] = (byte)(1 + _tickets.Count);
        return ticket;
    }

    /// <summary>The key of the ticket that the hello holds; null: it holds none.</summary>
    private byte[]? KeyOfTicket(byte[] hello) => _tickets.Find(one => hello.AsSpan().IndexOf(one.Ticket) >= 0).Key;

    private readonly List<(byte[] Ticket, byte[] Key)> _tickets = [];

    private byte[] PskMix => pskMix;

    private byte[] DeviceId => deviceId;

    private RSA Key => key;
}
