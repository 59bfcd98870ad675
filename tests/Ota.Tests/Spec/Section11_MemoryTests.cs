using System.Collections;
using System.Reflection;
using Flint.Ota.Tests.Faults;

namespace Flint.Ota.Tests.Spec;

/// <summary>docs/spec/ota.md section 11: what the engine holds in memory, and what it writes.</summary>
public sealed class Section11_MemoryTests
{
    // The arrays of the engine: the read buffer, that of a manifest, and what the specification allows beside them.
    private const int MostArrayBytes = 512 + 1040 + 1023;
    private const int MostObjects = 64;

    [Theory]
    [InlineData(1, false)]
    [InlineData(32, false)]
    [InlineData(32, true)]
    public void Engine_ForAnImageOf64KiBAnd16MiB_HoldsTheSame(int writeUnit, bool swap)
    {
        (int smallArrays, int smallObjects) = Held(64 << 10, writeUnit, swap);
        (int largeArrays, int largeObjects) = Held(16 << 20, writeUnit, swap);
        Assert.Equal(smallArrays, largeArrays);
        Assert.Equal(smallObjects, largeObjects);
        Assert.True(smallArrays <= MostArrayBytes, $"{smallArrays} bytes in arrays");
        Assert.True(smallObjects <= MostObjects, $"{smallObjects} objects");
        TestContext.Current.TestOutputHelper?.WriteLine($"write unit {writeUnit}, swap {swap}: {smallArrays} bytes in arrays, {smallObjects} objects");
    }

    [Fact]
    public void Engine_Made_AllocatesTheSameForEverySize()
    {
        // The first of each warms up.
        Allocated(64 << 10);
        long small = Allocated(64 << 10);
        Assert.Equal(small, Allocated(16 << 20));
        Assert.InRange(small, 1, 8 * 1024);
    }

    [Fact]
    public void Update_Whole_AllocatesNothingAfterConstruction()
    {
        OtaRelease v1 = Lab.Release(1, 20_000);
        OtaRelease v2 = Lab.Release(2, 21_000);
        // The first warms up: tables of the platform are made.
        Play(v1, v2);
        Assert.Equal(0, Play(v1, v2));
    }

    // On flash that is not memory, through the engine's own buffers; the platform's signature check, which allocates, is left to the platform.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Life_Whole_AllocatesNothingAfterConstruction(bool swap)
    {
        OtaRelease v1 = Lab.Release(1, 3_000);
        OtaRelease[] updates = [Lab.Release(2, 3_100), Lab.Release(3, 2_900), Lab.Release(4, 2_800)];
        // The first warms up.
        Live(swap, v1, updates);
        Assert.Equal(0, Live(swap, v1, updates));
    }

    // Confirmed; rejected by its self-test; aborted after a pause, damaged and repeated chunks. Each start is another engine.
    private static long Live(bool swap, OtaRelease v1, OtaRelease[] updates)
    {
        var flash = new HookFlash(30);
        OtaLayout layout = swap ? OtaBoardLayout.DivideForSwap(flash, 26, evidence: true) : OtaBoardLayout.Divide(flash, factory: false, evidence: true);
        using OtaTrustStore platform = Lab.Trust();
        Assert.Equal(OtaStatus.Ok, new OtaProvisioner(flash, layout, platform).InstallFirst(v1.Envelope.Span, v1));
        var trust = new Trusting(platform);
        var boot = new OtaBootStage();
        OtaOptions options = Options();
        var request = new OtaRequest();
        var frame = new byte[OtaChunkFrame.HeaderLength + OtaChunkFrame.MaxDataLength];
        long allocated = 0;
        for (int i = 0; i < updates.Length; i++)
        {
            byte[] envelope = updates[i].Envelope.ToArray();
            var engine = new OtaEngine(flash, layout, trust, boot, options);
            long before = GC.GetAllocatedBytesForCurrentThread();
            engine.Start();
            OtaStatus offered = engine.Offer(envelope, 0, envelope.Length);
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal(OtaStatus.Ok, offered);
            while (engine.TryGetRequest(request))
            {
                Assert.True(OtaChunk.TryWrite(updates[i], request.Artifact, request.Offset, request.Length, frame, out int written));
                before = GC.GetAllocatedBytesForCurrentThread();
                frame[written - 1] ^= 1;
                engine.OnChunk(frame, 0, written);
                frame[written - 1] ^= 1;
                engine.OnChunk(frame, 0, written);
                engine.OnChunk(frame, 0, written);
                engine.Pause();
                engine.Resume();
                engine.ForgetRequests();
                engine.TryReadEvidence(0, frame, 0);
                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            }

            Assert.Equal(OtaState.Verified, engine.State);
            before = GC.GetAllocatedBytesForCurrentThread();
            OtaStatus ended = i == 2 ? engine.Abort() : engine.Arm();
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal(OtaStatus.Ok, ended);
            engine = new OtaEngine(flash, layout, trust, boot, options);
            before = GC.GetAllocatedBytesForCurrentThread();
            engine.Start();
            ended = i == 0 ? engine.Confirm() : i == 1 ? engine.Reject(OtaReason.SelfTestFailed, 1) : OtaStatus.Ok;
            bool read = engine.TryReadImage(0, 0, frame, 0, 1024);
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal(OtaStatus.Ok, ended);
            Assert.True(read);
        }

        return allocated;
    }

    // Section 11, without cuts: state blocks twice each, one journal once, each block of the bank once.
    [Fact]
    public void Update_WithoutCuts_ErasesAsLittleAsSpecified()
    {
        OtaRelease v2 = Lab.Release(2, 21_000);
        (MemoryFlash inner, OtaLayout layout) = Lab.Device(Lab.Release(1, 20_000));
        var flash = new CountingFlash(inner);
        Lab.Boot(flash, layout).Install(v2);
        Assert.Equal(OtaStatus.Ok, Lab.Boot(flash, layout).Confirm());
        Assert.InRange(flash.Erases[0], 0, 2);
        Assert.InRange(flash.Erases[1], 0, 2);
        Assert.Equal(1, flash.Erases[layout.Journal0.FirstBlock] + flash.Erases[layout.Journal1.FirstBlock]);
        Assert.All(flash.Erases[layout.Bank(1).Manifest.FirstBlock..], count => Assert.InRange(count, 0, 1));
        Assert.All(flash.Erases[layout.Bank(0).Manifest.FirstBlock..layout.Bank(1).Manifest.FirstBlock], count => Assert.Equal(0, count));
    }

    // Between the start of the download and the switch, with everything warm; the platform's signature check is its own.
    private static long Play(OtaRelease v1, OtaRelease v2)
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(v1);
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Offer(v2));
        var request = new OtaRequest();
        var frame = new byte[OtaChunkFrame.HeaderLength + OtaChunkFrame.MaxDataLength];
        long allocated = 0;
        while (engine.TryGetRequest(request))
        {
            OtaChunk.TryWrite(v2, request.Artifact, request.Offset, request.Length, frame, out int written);
            long before = GC.GetAllocatedBytesForCurrentThread();
            engine.OnChunk(frame, 0, written);
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }

        long atEnd = GC.GetAllocatedBytesForCurrentThread();
        OtaStatus armed = engine.Arm();
        allocated += GC.GetAllocatedBytesForCurrentThread() - atEnd;
        Assert.Equal(OtaStatus.Ok, armed);
        return allocated;
    }

    private static long Allocated(int image)
    {
        (OtaFlash flash, OtaLayout layout) = Board(image, 1, swap: false);
        OtaTrust trust = Lab.Trust();
        var boot = new OtaBootStage();
        OtaOptions options = Options();
        long before = GC.GetAllocatedBytesForCurrentThread();
        var engine = new OtaEngine(flash, layout, trust, boot, options);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(OtaState.Off, engine.State);
        return allocated;
    }

    private static (int ArrayBytes, int Objects) Held(int image, int writeUnit, bool swap)
    {
        (OtaFlash flash, OtaLayout layout) = Board(image, writeUnit, swap);
        return Held(Lab.Engine(flash, layout, Options()), flash);
    }

    private static (OtaFlash Flash, OtaLayout Layout) Board(int image, int writeUnit, bool swap)
    {
        // Room for two images and what is kept beside them.
        int blocks = (image / 4096 * 2) + (image / 4096 / 8) + 40;
        var flash = new MemoryFlash(blocks * 4096, 4096, writeUnit);
        OtaLayout layout = swap
            ? OtaBoardLayout.DivideForSwap(flash, blocks - (image / 4096), evidence: true)
            : OtaBoardLayout.Divide(flash, factory: false, evidence: true);
        Assert.True(layout.Bank(0).Image(0).Length(flash) >= image);
        return (flash, layout);
    }

    private static OtaOptions Options() => new(Lab.Product) { ChunkLength = 512, BufferLength = 512 };

    // The engine's own: what the program gave it (flash, layout, trust, boot loader, options) is counted by the program.
    private static (int ArrayBytes, int Objects) Held(OtaEngine engine, OtaFlash flash)
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var waiting = new Stack<object>([engine]);
        int bytes = 0;
        while (waiting.TryPop(out object? one))
        {
            if (one is OtaFlash or OtaLayout or OtaRegion or OtaBankLayout or OtaTrust or OtaBoot or OtaOptions || !seen.Add(one))
            {
                continue;
            }

            if (one is Array array)
            {
                bytes += array.Length * (array is byte[] or bool[]? 1 : 4);
                foreach (object item in array is object[]? array : (IEnumerable)Array.Empty<object>())
                {
                    waiting.Push(item);
                }

                continue;
            }

            for (Type? type = one.GetType(); type is not null && type != typeof(object); type = type.BaseType)
            {
                foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly))
                {
                    if (!field.FieldType.IsValueType && field.GetValue(one) is { } value and not string && !ReferenceEquals(value, flash.Memory))
                    {
                        waiting.Push(value);
                    }
                }
            }
        }

        return (bytes, seen.Count);
    }

    private sealed class CountingFlash(OtaFlash inner) : ForwardingFlash(inner)
    {
        public int[] Erases { get; } = new int[inner.BlockCount];

        public override bool EraseBlock(int block)
        {
            Erases[block]++;
            return base.EraseBlock(block);
        }
    }

    // The digests of the platform; a signature is good.
    private sealed class Trusting(OtaTrust platform) : OtaTrust
    {
        public override void HashStart() => platform.HashStart();

        public override void HashAppend(byte[] buffer, int offset, int count) => platform.HashAppend(buffer, offset, count);

        public override void HashFinish(byte[] digest, int offset) => platform.HashFinish(digest, offset);

        public override bool VerifySignature(
            int algorithm, byte[] digest, byte[] buffer, int keyIdOffset, int keyIdCount, int signatureOffset, int signatureCount) => true;
    }
}
