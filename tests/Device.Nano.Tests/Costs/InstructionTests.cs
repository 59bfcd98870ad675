using System.Globalization;
using Flint.Device.Nano.Tests.Support;
using Flint.Testing;

namespace Flint.Device.Nano.Tests.Costs;

/// <summary>The bars in instructions, counted one by one over the agent, CoAP and the tunnel, and what docs/device-costs.md says of them.</summary>
public sealed class InstructionTests
{
    [Fact]
    public void Agent_HandshakeResumptionAndCall_AreWithinTheirBars()
    {
        var counter = new InstructionCounter();
        object device = counter.Start(typeof(CostedDevice));
        long handshake = counter.Count(device, nameof(CostedDevice.Connect));
        long idle = counter.Count(device, nameof(CostedDevice.Idle));
        counter.Count(device, nameof(CostedDevice.Call));
        long call = counter.Count(device, nameof(CostedDevice.Call));
        counter.Count(device, nameof(CostedDevice.Cut));
        long resumption = counter.Count(device, nameof(CostedDevice.Connect));
        counter.Unload();

        Assert.InRange(handshake, 3_000_000, 6_000_000);
        Assert.InRange(resumption, 50_000, 500_000);
        Assert.InRange(call, 2_000, 60_000);
        CostDocument.AssertHolds(
            Row("S1 handshake, the agent's first connection", handshake),
            Row("resumption, its next one", resumption),
            Row("a call through the tunnel", call),
            Row("a turn of the loop in which nothing happens", idle));
    }

    [Fact]
    public void Heap_OfEachOperation_IsItsRow()
    {
        var counter = new InstructionCounter();
        object device = counter.Start(typeof(CostedDevice));
        (long, long) handshake = counter.Allocate(device, nameof(CostedDevice.Connect));
        counter.Count(device, nameof(CostedDevice.Call));
        (long Objects, long) call = counter.Allocate(device, nameof(CostedDevice.Call));
        (long Objects, long) idle = counter.Allocate(device, nameof(CostedDevice.Idle));
        counter.Count(device, nameof(CostedDevice.Cut));
        (long, long) resumption = counter.Allocate(device, nameof(CostedDevice.Connect));
        object update = counter.Start(typeof(CostedUpdate));
        (long, long) offer = counter.Allocate(update, nameof(CostedUpdate.Offer));
        counter.Count(update, nameof(CostedUpdate.Chunk));
        (long Objects, long) chunk = counter.Allocate(update, nameof(CostedUpdate.Chunk));
        (long, long) rest = counter.Allocate(update, nameof(CostedUpdate.Rest));
        ((IDisposable)update).Dispose();
        counter.Unload();

        CostDocument.AssertHolds(
            HeapRow("S1 handshake, the agent's first connection", handshake),
            HeapRow("resumption, its next one", resumption),
            HeapRow("a call through the tunnel", call),
            HeapRow("a turn of the loop in which nothing happens", idle),
            HeapRow("a manifest, its signature verified", offer),
            HeapRow("a chunk into the engine", chunk),
            HeapRow("the rest of an update of 48 KiB, armed", rest));
        Assert.Equal(0, idle.Objects);
    }

    /// <summary>
    /// What is kept before an operation and all that it makes: no more can live in it at a time. An update is many turns of the loop, and between two of
    /// them only what is kept lives.
    /// </summary>
    [Fact]
    public void Ram_InEachOperation_IsAtMostItsRow()
    {
        var counter = new InstructionCounter();
        using var kept = new CostedTunnelUpdate();
        object made = counter.Start(typeof(CostedTunnelUpdate));
        long handshake = Most(nameof(CostedTunnelUpdate.Connect));
        Most(nameof(CostedTunnelUpdate.Call));
        long call = Most(nameof(CostedTunnelUpdate.Call));
        Most(nameof(CostedTunnelUpdate.Cut));
        long resumption = Most(nameof(CostedTunnelUpdate.Connect));
        long offer = 0;
        while (kept.Update.Engine.State == Flint.Ota.OtaState.Idle)
        {
            offer = Math.Max(offer, Most(nameof(CostedTunnelUpdate.Turn)));
        }

        long chunk = 0;
        while (kept.Update.Engine.State == Flint.Ota.OtaState.Downloading)
        {
            chunk = Math.Max(chunk, Most(nameof(CostedTunnelUpdate.Turn)));
        }

        long arming = 0;
        while (!kept.IsArmed)
        {
            arming = Math.Max(arming, Most(nameof(CostedTunnelUpdate.Turn)));
        }

        object whole = counter.Start(typeof(CostedTunnelUpdate));
        counter.Count(whole, nameof(CostedTunnelUpdate.Connect));
        long instructions = counter.Count(whole, nameof(CostedTunnelUpdate.Whole));
        object again = counter.Start(typeof(CostedTunnelUpdate));
        counter.Count(again, nameof(CostedTunnelUpdate.Connect));
        (long, long) all = counter.Allocate(again, nameof(CostedTunnelUpdate.Whole));
        ((IDisposable)made).Dispose();
        ((IDisposable)whole).Dispose();
        ((IDisposable)again).Dispose();
        counter.Unload();

        CostDocument.AssertHolds(
            Row("an update of 48 KiB through the tunnel, whole", instructions),
            HeapRow("an update of 48 KiB through the tunnel, whole", all),
            PeakRow("S1 handshake", handshake),
            PeakRow("resumption", resumption),
            PeakRow("a call", call),
            PeakRow("a chunk, the longest turn", chunk),
            PeakRow("an update of 48 KiB: the turn that takes the offer", offer),
            PeakRow("an update of 48 KiB: the turn that arms it", arming));

        long Most(string operation)
        {
            long before = kept.Kept;
            typeof(CostedTunnelUpdate).GetMethod(operation)!.Invoke(kept, null);
            return before + counter.Allocate(made, operation).Bytes;
        }
    }

    [Fact]
    public void Counter_OfKnownCode_CountsEachInstruction()
    {
        // The inner loop dominates: 64 turns of 64 limbs, 49 instructions each, by hand.
        var counter = new InstructionCounter();
        object multiplication = counter.Start(typeof(OneMultiplication));
        long count = counter.Count(multiplication, nameof(OneMultiplication.Run));
        counter.Unload();

        Assert.InRange(count, 64 * 63 * 49, 64 * 64 * 54);
    }

    private static string HeapRow(string what, (long Objects, long Bytes) made) => string.Create(CultureInfo.InvariantCulture, $"| {what} | {made.Objects} | {made.Bytes} |");

    private static string PeakRow(string what, long bytes) => string.Create(CultureInfo.InvariantCulture, $"| {what} | {Math.Ceiling(bytes / 102.4) / 10} KiB |");

    private static string Row(string what, long count) => string.Create(CultureInfo.InvariantCulture, $"| {what} | {Math.Ceiling(count / 1000.0)} k |");

    private sealed class OneMultiplication
    {
        private readonly Montgomery _field;
        private readonly uint[] _one = new uint[64];

        public OneMultiplication()
        {
            byte[] blob = DeviceKeys.Blob(TunnelFixture.Key("encryption"), RsaPublicKey.UsageEncryption);
            _field = new Montgomery(Montgomery.Read(blob, 40, 256), System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(blob.AsSpan(36)));
            _one[0] = 3;
        }

        public void Run() => _field.Multiply(_one, _one, _one);
    }
}
