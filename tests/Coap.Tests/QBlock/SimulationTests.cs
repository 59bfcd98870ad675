using Flint.Testing;

namespace Flint.Coap.Tests.QBlock;

/// <summary>[C-150] Bodies in bursts over networks from perfect to hopeless.</summary>
public sealed class SimulationTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range((int)PropertyRunner.Seed, 8)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Network_Perfect_TakesOneMessageABlockAndOneASet(int seed)
    {
        var simulation = new BurstSimulation(seed, new VirtualNetworkFaults(), clients: 3);
        simulation.Run();

        simulation.AssertInvariants();
        Assert.All(simulation.Outcomes, outcome => Assert.Equal("done", outcome));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Network_LosingDuplicatingReordering_KeepsTheInvariants(int seed)
    {
        var faults = new VirtualNetworkFaults { Loss = 0.2, Duplication = 0.2, MinDelay = TimeSpan.FromMilliseconds(5), MaxDelay = TimeSpan.FromSeconds(1) };
        var simulation = new BurstSimulation(seed, faults, clients: 4);
        simulation.Run();

        simulation.AssertInvariants();
        Assert.True(simulation.Outcomes.Count(outcome => outcome == "done") >= 3, string.Join(", ", simulation.Outcomes));
    }

    /// <summary>Where half is lost, four attempts for the last block are too few one time in four.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Network_HalfLost_KeepsTheInvariants(int seed)
    {
        var faults = new VirtualNetworkFaults { Loss = 0.5, Duplication = 0.3, MaxDelay = TimeSpan.FromSeconds(5) };
        var simulation = new BurstSimulation(seed, faults, clients: 4, maxRetransmit: 8);
        simulation.Run();

        simulation.AssertInvariants();
        Assert.Contains("done", simulation.Outcomes);
    }

    /// <summary>Delays above the pauses: sets overlap, and what was thought lost comes late.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Network_Slow_KeepsTheInvariants(int seed)
    {
        var faults = new VirtualNetworkFaults { Loss = 0.05, MinDelay = TimeSpan.FromSeconds(1), MaxDelay = TimeSpan.FromSeconds(20) };
        var simulation = new BurstSimulation(seed, faults, clients: 2);
        simulation.Run();

        simulation.AssertInvariants();
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Client_ChangingItsAddress_GoesOn(int seed)
    {
        var simulation = new BurstSimulation(seed, new VirtualNetworkFaults { Loss = 0.05, MaxDelay = TimeSpan.FromMilliseconds(500) }, clients: 2);
        for (int i = 1; i < 20; i++)
        {
            simulation.PlanRebinding(i % 2, TimeSpan.FromSeconds(i));
        }

        simulation.Run();
        simulation.AssertInvariants();
        Assert.All(simulation.Outcomes, outcome => Assert.Equal("done", outcome));
    }

    /// <summary>A server that has forgotten everything asks for what it lacks; it may act again.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Server_Restarting_GivesEachBodyOneOutcome(int seed)
    {
        var simulation = new BurstSimulation(seed, new VirtualNetworkFaults { Loss = 0.1, MaxDelay = TimeSpan.FromMilliseconds(500) }, clients: 3);
        for (int i = 1; i < 4; i++)
        {
            simulation.PlanRestart(TimeSpan.FromSeconds(3 * i));
        }

        simulation.Run();
        simulation.AssertInvariants(atMostOnce: false);
        Assert.Contains("done", simulation.Outcomes);
    }
}
