namespace Flint.Testing;

/// <summary>
/// Drives machines over a <see cref="VirtualNetwork"/>: goes from one moment at which something is due to the next, gives each machine its datagrams and its deadlines, and lets it
/// send. Whatever takes part is named by functions, so that a test can put another machine in its place (a peer that restarts).
/// </summary>
public sealed class VirtualSimulation
{
    private readonly Dictionary<int, Action<VirtualDatagram>> _receivers = [];
    private readonly List<(Func<TimeSpan?> NextDeadline, Action<TimeSpan> OnDeadline)> _machines = [];
    private readonly PriorityQueue<Action, (TimeSpan At, int Order)> _plans = new();
    private readonly Action _drain;
    private int _order;

    /// <param name="network">Where the datagrams go.</param>
    /// <param name="drain">Takes from every machine what it has to give; called after everything that happens.</param>
    public VirtualSimulation(VirtualNetwork network, Action drain)
    {
        Network = network;
        _drain = drain;
    }

    public VirtualNetwork Network { get; }

    public TimeSpan Now => Network.Now;

    /// <summary>Adds a node that takes its datagrams by <paramref name="receive"/>.</summary>
    public int AddNode(Action<VirtualDatagram> receive)
    {
        int node = Network.AddNode();
        _receivers[node] = receive;
        return node;
    }

    /// <summary>Adds a machine that waits for a time.</summary>
    public void AddMachine(Func<TimeSpan?> nextDeadline, Action<TimeSpan> onDeadline) => _machines.Add((nextDeadline, onDeadline));

    /// <summary>Does something after a time.</summary>
    public void Plan(TimeSpan after, Action action) => _plans.Enqueue(action, (Now + after, _order++));

    /// <summary>Runs until nothing is to come.</summary>
    public void Run()
    {
        _drain();
        while (NextTime() is TimeSpan next)
        {
            Step(next);
        }
    }

    /// <summary>Runs until a time, which is the present one afterwards.</summary>
    public void RunUntil(TimeSpan end)
    {
        _drain();
        while (NextTime() is TimeSpan next && next <= end)
        {
            Step(next);
        }

        Network.AdvanceTo(end > Now ? end : Now);
        _drain();
    }

    private void Step(TimeSpan next)
    {
        Network.AdvanceTo(next > Now ? next : Now);
        while (_plans.TryPeek(out _, out (TimeSpan At, int Order) plan) && plan.At <= Now)
        {
            _plans.Dequeue()();
            _drain();
        }

        while (Network.TryReceive(out VirtualDatagram datagram))
        {
            _receivers[datagram.To](datagram);
            _drain();
        }

        foreach ((_, Action<TimeSpan> onDeadline) in _machines)
        {
            onDeadline(Now);
        }

        _drain();
    }

    private TimeSpan? NextTime()
    {
        TimeSpan? next = _plans.TryPeek(out _, out (TimeSpan At, int Order) plan) ? plan.At : null;
        foreach (TimeSpan? time in _machines.Select(machine => machine.NextDeadline()).Append(Network.NextArrival))
        {
            next = next is null || time < next ? time : next;
        }

        return next;
    }
}
