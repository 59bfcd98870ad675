using Flint.Ota.Testing;

namespace Flint.Ota.Tests.Faults;

/// <summary>
/// [OTA-001], [OTA-002], [OTA-083], [OTA-112]: the proof of docs/ota-proof.md as far as it runs in a minute: every single fault on every board and scenario, in one phase each, media with a
/// cache, and some runs with up to four power cuts. `dotnet run -c Release --project tests/Ota.Proof` runs every phase, `-- --exhaustive 1000000` every pair on whole boards, until there are a million.
/// </summary>
public abstract class ProofTests
{
    private const int RandomRuns = 40;
    private const uint Seed = 20141007;

    public static TheoryData<int, bool> Boards => new() { { 1, false }, { 1, true }, { 8, false }, { 8, true }, { 32, false }, { 32, true }, { 256, false }, { 256, true } };

    // Classes, so that two boards run at a time.
    public sealed class OnePlaceToRunFrom : ProofTests
    {
        [Theory]
        [MemberData(nameof(Boards))]
        public void EveryFault_ImagesMoved_Holds(int writeUnit, bool ecc) => Prove(OtaBoard.Swap(writeUnit, ecc, writeUnit % 32 == 0 ? (byte)0x00 : (byte)0xFF));
    }

    public sealed class ErasedToOnes : ProofTests
    {
        [Theory]
        [MemberData(nameof(Boards))]
        public void EveryFault_EveryScenario_Holds(int writeUnit, bool ecc) => Prove(OtaBoard.Small(writeUnit, ecc, 0xFF));
    }

    public sealed class ErasedToZeros : ProofTests
    {
        [Theory]
        [MemberData(nameof(Boards))]
        public void EveryFault_EveryScenario_Holds(int writeUnit, bool ecc) => Prove(OtaBoard.Small(writeUnit, ecc, 0x00));

        [Theory]
        [MemberData(nameof(Boards))]
        public void EveryFault_UnequalBlocksTwoComponents_Holds(int writeUnit, bool ecc) => Prove(OtaBoard.Unequal(writeUnit, ecc, 0xFF));
    }

    public sealed class LongUnits
    {
        // A manifest takes more than 1 KiB then, and a state block three units.
        [Theory]
        [InlineData(false)]
        [InlineData(true)]
        public void EveryFault_UnitOf512_Holds(bool ecc) => Prove(new OtaBoard
        {
            Name = "w512",
            BlockLengths = [.. Enumerable.Repeat(2048, 40)],
            WriteUnit = 512,
            HasEcc = ecc,
            Layout = flash => OtaBoardLayout.Divide(flash, factory: true, evidence: true),
            ImageLength = 5000,
        });
    }

    private static void Prove(OtaBoard board)
    {
        using var proof = new OtaProof(board);
        foreach (OtaScenario scenario in Enum.GetValues<OtaScenario>().Where(proof.Supports))
        {
            Check(proof.RunSingles(scenario, phase: ((int)scenario + board.WriteUnit) % OtaProof.Phases));
            if (!board.HasEcc)
            {
                Check(proof.RunCaches(scenario, phase: 0));
            }

            Check(proof.RunRandom(scenario, phase: 0, RandomRuns, mostFaults: 4, Seed));
        }
    }

    private static void Check(OtaProofReport report) =>
        Assert.True(report.Failures == 0, $"{report}\n{string.Join('\n', report.Lines)}\n{report.FlashDump}");
}
