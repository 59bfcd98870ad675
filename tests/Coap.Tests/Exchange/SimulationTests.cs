using Flint.Testing;

namespace Flint.Coap.Tests.Exchange;

/// <summary>
/// [C-102] [C-103] Whatever the network does: what must not be done twice is not, every request has exactly one outcome, bodies arrive as they were sent,
/// and nothing is left in any store.
/// </summary>
public sealed class SimulationTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range((int)PropertyRunner.Seed, 8)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Network_Perfect_AnswersEverything(int seed)
    {
        var simulation = new Simulation(seed, new VirtualNetworkFaults(), clients: 3);
        simulation.PlanRequests(150, TimeSpan.FromSeconds(600));
        simulation.Run();

        simulation.AssertInvariants();
        Assert.DoesNotContain("TimedOut", simulation.Outcomes.Values.SelectMany(outcome => outcome));
        Assert.True(simulation.Outcomes.Values.Count(outcome => outcome[0] == "2.05") > 120);
        Assert.Equal(0, simulation.Duplicates);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Network_LosingDuplicatingReordering_KeepsTheInvariants(int seed)
    {
        var faults = new VirtualNetworkFaults
        {
            Loss = 0.3,
            Duplication = 0.2,
            MinDelay = TimeSpan.FromMilliseconds(5),
            MaxDelay = TimeSpan.FromSeconds(3),
        };
        var simulation = new Simulation(seed, faults, clients: 4);
        simulation.PlanRequests(200, TimeSpan.FromSeconds(400));
        simulation.Run();

        simulation.AssertInvariants();
        Assert.True(simulation.Duplicates > 50);
        Assert.True(simulation.Outcomes.Values.Count(outcome => outcome[0] == "2.05") > 100);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Network_HalfLost_KeepsTheInvariants(int seed)
    {
        var simulation = new Simulation(seed, new VirtualNetworkFaults { Loss = 0.6, Duplication = 0.5, MaxDelay = TimeSpan.FromSeconds(20) }, clients: 2);
        simulation.PlanRequests(80, TimeSpan.FromSeconds(900));
        simulation.Run();

        simulation.AssertInvariants();
        Assert.Contains("TimedOut", simulation.Outcomes.Values.SelectMany(outcome => outcome));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Client_ChangingItsAddress_StaysTheSamePeer(int seed)
    {
        var faults = new VirtualNetworkFaults { Loss = 0.2, Duplication = 0.1, MinDelay = TimeSpan.FromMilliseconds(100), MaxDelay = TimeSpan.FromSeconds(1) };
        var simulation = new Simulation(seed, faults, clients: 2);
        simulation.PlanRequests(100, TimeSpan.FromSeconds(200));
        for (int i = 0; i < 20; i++)
        {
            simulation.PlanRebinding(i % 2, TimeSpan.FromSeconds(10 * i));
        }

        simulation.Run();
        simulation.AssertInvariants();
        Assert.True(simulation.Outcomes.Values.Count(outcome => outcome[0] == "2.05") > 60);
    }

    /// <summary>A server that has forgotten everything may act again; the clients still learn one outcome each.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Server_Restarting_GivesEachRequestOneOutcome(int seed)
    {
        var faults = new VirtualNetworkFaults { Loss = 0.2, Duplication = 0.1, MinDelay = TimeSpan.FromMilliseconds(100), MaxDelay = TimeSpan.FromSeconds(1) };
        var simulation = new Simulation(seed, faults, clients: 3);
        simulation.PlanRequests(150, TimeSpan.FromSeconds(200));
        for (int i = 0; i < 10; i++)
        {
            simulation.PlanRestart(TimeSpan.FromSeconds(20 * i));
        }

        simulation.Run();
        simulation.AssertInvariants(atMostOnce: false);
    }

    /// <summary>Bits that flip unseen may turn one request into another; nothing throws, and nothing is left behind.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Network_Corrupting_LeavesNothingBehind(int seed)
    {
        var faults = new VirtualNetworkFaults { Loss = 0.1, Duplication = 0.1, Corruption = 0.5, MaxDelay = TimeSpan.FromSeconds(1) };
        var simulation = new Simulation(seed, faults, clients: 3) { ChecksBodies = false };
        simulation.PlanRequests(150, TimeSpan.FromSeconds(300));
        simulation.Run();

        simulation.AssertInvariants(atMostOnce: false);
    }

    /// <summary>What UDP's checksum finds is lost, and only that: everything holds, and bodies arrive as they were sent.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Network_CorruptingUnderAChecksum_KeepsTheInvariants(int seed)
    {
        var faults = new VirtualNetworkFaults { Loss = 0.1, Duplication = 0.2, Corruption = 0.25, Checksummed = true, MaxDelay = TimeSpan.FromSeconds(2) };
        var simulation = new Simulation(seed, faults, clients: 3);
        simulation.PlanRequests(150, TimeSpan.FromSeconds(300));
        for (int i = 0; i < 10; i++)
        {
            simulation.PlanRebinding(i % 3, TimeSpan.FromSeconds(30 * i));
        }

        simulation.Run();

        simulation.AssertInvariants();
        Assert.True(simulation.CorruptionsFound > 20);
        Assert.True(simulation.Outcomes.Values.Count(outcome => outcome[0] == "2.05") > 75);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Limits_Tight_KeepTheInvariants(int seed)
    {
        var options = new CoapMessageLayerOptions
        {
            MaxExchanges = 2,
            MaxExchangesPerPeer = 1,
            MaxSendsPerPeer = 5,
            MaxSends = 6,
            NStart = 4,
            ProbingRate = 1000,
            DeduplicationBytes = 1 << 16,
            IdempotentDeduplicationBytes = 1 << 15,
            MaxOutputBytes = 4096,
        };
        var faults = new VirtualNetworkFaults { Loss = 0.2, Duplication = 0.3, MaxDelay = TimeSpan.FromSeconds(2) };
        var simulation = new Simulation(seed, faults, clients: 4, options);
        simulation.PlanRequests(500, TimeSpan.FromSeconds(30));
        simulation.Run();

        simulation.AssertInvariants();
        Assert.Contains(simulation.Outcomes.Values, outcome => outcome[0] is "4.29" or "5.03");
        Assert.Contains(simulation.Outcomes.Values, outcome => outcome[0] == "TooManyMessages");
    }
}
