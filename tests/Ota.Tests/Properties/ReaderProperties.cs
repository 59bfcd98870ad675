using Flint.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Flint.Ota.Tests.Properties;

/// <summary>Whatever comes in: no exception, no acceptance of what nobody signed, one way to write what is read.</summary>
public sealed class ReaderProperties
{
    private static readonly OtaRelease V1 = Lab.Release(1, 9_000);
    private static readonly OtaRelease V2 = Lab.Release(2, 9_000);

    [Fact]
    public void Manifest_RandomBytes_NeverThrows() =>
        PropertyRunner.Check(ArbMap.Default.ArbFor<byte[]>(), bytes => new OtaManifest().TryRead(bytes, 0, bytes.Length) != OtaStatus.Ok, runs: 2000);

    [Fact]
    public void Manifest_Mutated_IsRefusedOrUnchanged()
    {
        byte[] good = V2.Envelope.ToArray();
        using OtaTrustStore trust = Lab.Trust();
        PropertyRunner.Check(Mutations(good.Length), mutation =>
        {
            byte[] bytes = Mutate(good, mutation);
            var manifest = new OtaManifest();
            bool accepted = manifest.TryRead(bytes, 0, bytes.Length) == OtaStatus.Ok && manifest.VerifySignature(trust, new byte[32]);
            return !accepted || bytes.AsSpan().SequenceEqual(good);
        }, runs: 3000);
    }

    [Fact]
    public void Chunk_RandomAndMutated_ChangesNothingOnFlash()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine engine = Lab.Boot(flash, layout);
        engine.Offer(V2);
        engine.Fetch(V2, most: 2);
        var request = new OtaRequest();
        var frame = new byte[OtaChunkFrame.HeaderLength + 1024];
        Assert.True(engine.TryGetRequest(request));
        Assert.True(OtaChunk.TryWrite(V2, request.Artifact, request.Offset, request.Length, frame, out int written));
        byte[] first = frame[..written];
        Assert.Equal(OtaStatus.Ok, engine.OnChunk(first, 0, written));
        Assert.True(engine.TryGetRequest(request));
        Assert.True(OtaChunk.TryWrite(V2, request.Artifact, request.Offset, request.Length, frame, out written));
        byte[] good = frame[..written];
        byte[] before = flash.Bytes.ToArray();
        PropertyRunner.Check(Mutations(good.Length), mutation =>
        {
            byte[] bytes = Mutate(good, mutation);
            engine.OnChunk(first, 0, first.Length);
            return bytes.AsSpan().SequenceEqual(good)
                || (engine.OnChunk(bytes, 0, bytes.Length) != OtaStatus.Ok && flash.Bytes.SequenceEqual(before));
        }, runs: 3000);
    }

    [Fact]
    public void Download_AnyOrderLossAndRepetition_GivesTheSameImage() =>
        PropertyRunner.Check(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var random = new Random(seed);
            (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
            OtaEngine engine = Lab.Boot(flash, layout);
            engine.Offer(V2);
            var waiting = new List<byte[]>();
            var request = new OtaRequest();
            for (int step = 0; engine.State == OtaState.Downloading && step < 1000; step++)
            {
                var frame = new byte[OtaChunkFrame.HeaderLength + 1024];
                if (engine.TryGetRequest(request) && OtaChunk.TryWrite(V2, request.Artifact, request.Offset, request.Length, frame, out int written))
                {
                    waiting.Add(frame[..written]);
                }
                else if (waiting.Count == 0)
                {
                    engine.ForgetRequests();
                }

                if (waiting.Count > 0 && random.Next(2) == 0)
                {
                    int index = random.Next(waiting.Count);
                    byte[] one = waiting[index];
                    if (random.Next(4) != 0)
                    {
                        engine.OnChunk(one, 0, one.Length);
                    }

                    if (random.Next(4) != 0)
                    {
                        waiting.RemoveAt(index);
                    }
                }
            }

            Assert.Equal(OtaState.Verified, engine.State);
            Assert.Equal(engine.Progress.TotalBytes, engine.Progress.VerifiedBytes);
            Assert.Equal(OtaStatus.Ok, engine.Arm());
            Spec.Section6_LifeCycleTests.AssertRuns(Lab.Boot(flash, layout), Lab.Bytes(9_000, 2));
        }, runs: 60);

    private static Arbitrary<Mutation> Mutations(int length) => Arb.From(
        from position in Gen.Choose(0, length - 1)
        from value in Gen.Choose(0, 255)
        from kind in Gen.Choose(0, 3)
        select new Mutation(position, (byte)value, kind));

    private static byte[] Mutate(byte[] good, Mutation mutation)
    {
        switch (mutation.Kind)
        {
            case 0:
                byte[] changed = [.. good];
                changed[mutation.Position] = mutation.Value;
                return changed;
            case 1:
                return good[..mutation.Position];
            case 2:
                return [.. good[..mutation.Position], mutation.Value, .. good[mutation.Position..]];
            default:
                return [.. good[..mutation.Position], .. good[(mutation.Position + 1)..]];
        }
    }

    private sealed record Mutation(int Position, byte Value, int Kind);
}
