namespace Flint.Testing;

/// <summary>
/// A network without time or chance of its own: a seed and the calls decide everything. It loses, duplicates, delays, reorders and corrupts datagrams between
/// nodes, and gives a node a new address when told to. Time passes only when the test says so.
/// </summary>
public sealed class VirtualNetwork
{
    private readonly Random _random;
    private readonly PriorityQueue<(int From, int To, byte[] Bytes), (TimeSpan At, long Order)> _underWay = new();
    private readonly Dictionary<int, int> _nodeOfAddress = [];
    private readonly List<int> _addressOfNode = [];
    private long _order;
    private int _nextAddress = 1;

    public VirtualNetwork(int seed, VirtualNetworkFaults? faults = null)
    {
        _random = new Random(seed);
        Faults = faults ?? new VirtualNetworkFaults();
    }

    /// <summary>What is done to the datagrams that are sent from now on.</summary>
    public VirtualNetworkFaults Faults { get; set; }

    /// <summary>The present time.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>When the next datagram arrives; null where none is under way.</summary>
    public TimeSpan? NextArrival => _underWay.TryPeek(out _, out (TimeSpan At, long Order) priority) ? priority.At : null;

    /// <summary>How many datagrams were sent.</summary>
    public long Sent { get; private set; }

    /// <summary>How many datagrams were dropped for their checksum.</summary>
    public long CorruptionsFound { get; private set; }

    /// <summary>Adds a node.</summary>
    public int AddNode()
    {
        _addressOfNode.Add(0);
        Rebind(_addressOfNode.Count - 1);
        return _addressOfNode.Count - 1;
    }

    /// <summary>The present address of a node.</summary>
    public int AddressOf(int node) => _addressOfNode[node];

    /// <summary>Gives a node a new address, as a NAT does; what is under way to the old one is lost.</summary>
    public void Rebind(int node)
    {
        _nodeOfAddress.Remove(_addressOfNode[node]);
        _addressOfNode[node] = _nextAddress;
        _nodeOfAddress[_nextAddress++] = node;
    }

    /// <summary>Sends a datagram, which meets its fate at once.</summary>
    public void Send(int fromNode, int toAddress, ReadOnlySpan<byte> bytes)
    {
        Sent++;
        if (_random.NextDouble() < Faults.Loss)
        {
            return;
        }

        int copies = _random.NextDouble() < Faults.Duplication ? 2 : 1;
        for (int i = 0; i < copies; i++)
        {
            byte[] copy = bytes.ToArray();
            if (copy.Length > 0 && _random.NextDouble() < Faults.Corruption)
            {
                copy[_random.Next(copy.Length)] ^= (byte)(1 << _random.Next(8));
            }

            if (Faults.Checksummed && Checksum(copy) != Checksum(bytes))
            {
                CorruptionsFound++;
                continue;
            }

            TimeSpan delay = Faults.MinDelay + ((Faults.MaxDelay - Faults.MinDelay) * _random.NextDouble());
            _underWay.Enqueue((_addressOfNode[fromNode], toAddress, copy), (Now + delay, _order++));
        }
    }

    /// <summary>The one's complement sum of the 16-bit words (RFC 1071).</summary>
    private static int Checksum(ReadOnlySpan<byte> bytes)
    {
        int sum = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            sum += i % 2 == 0 ? bytes[i] << 8 : bytes[i];
            sum = (sum & 0xffff) + (sum >> 16);
        }

        return sum;
    }

    /// <summary>Lets time pass.</summary>
    public void AdvanceTo(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, Now);
        Now = time;
    }

    /// <summary>Gives the next datagram that has arrived by now.</summary>
    public bool TryReceive(out VirtualDatagram datagram)
    {
        while (_underWay.TryPeek(out (int From, int To, byte[] Bytes) next, out (TimeSpan At, long Order) priority) && priority.At <= Now)
        {
            _underWay.Dequeue();
            if (_nodeOfAddress.TryGetValue(next.To, out int node))
            {
                datagram = new VirtualDatagram(next.From, node, next.Bytes);
                return true;
            }
        }

        datagram = null!;
        return false;
    }
}
