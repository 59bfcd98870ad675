using Flint.Ota.Tests.Faults;

namespace Flint.Ota.Tests.Spec;

/// <summary>docs/spec/ota.md sections 5.5 and 7.3, [OTA-066], [OTA-074], [OTA-075]: what comes wrong again and again comes to an end.</summary>
public sealed class Section7_RetryTests
{
    private static readonly OtaRelease V1 = Lab.Release(1, 20_000);
    private static readonly OtaRelease V2 = Lab.Release(2, 21_000);

    private readonly OtaRequest _request = new();
    private readonly byte[] _frame = new byte[OtaChunkFrame.HeaderLength + OtaChunkFrame.MaxDataLength];

    // [OTA-075]
    [Fact]
    public void Segment_WrongAgain_IsAskedInSmallerChunksFromAnotherSource()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        var asked = new List<(int Source, int Length)>();

        // The first two sources send one wrong byte; the third is right.
        while (engine.State == OtaState.Downloading && engine.TryGetRequest(_request))
        {
            if (!_request.IsTable && (asked.Count == 0 || asked[^1] != (_request.Source, _request.Length)))
            {
                asked.Add((_request.Source, _request.Length));
            }

            IOtaArtifactSource source = _request.Source < 2 && !_request.IsTable
                ? new Section6_LifeCycleTests.TamperingSource(V2, 100) : V2;
            Assert.True(OtaChunk.TryWrite(source, _request.Artifact, _request.Offset, _request.Length, _frame, out int written));
            Assert.True(engine.OnChunk(_frame, 0, written) is OtaStatus.Ok or OtaStatus.BlockMismatch);
        }

        Assert.Equal([(0, 1024), (1, 512), (2, 256), (0, 1024)], asked.Take(4));
        Assert.Equal(OtaState.Verified, engine.State);
    }

    // [OTA-075]
    [Fact]
    public void Chunks_DamagedOnEveryWay_EndTheDownloadWithEvidence()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        var statuses = new List<OtaStatus>();
        var lengths = new HashSet<int>();
        Assert.Equal(OtaStatus.Ok, engine.Fetch(V2, most: 1));
        while (engine.State == OtaState.Downloading)
        {
            engine.ForgetRequests();
            Assert.True(engine.TryGetRequest(_request));
            lengths.Add(_request.Length);
            Assert.True(OtaChunk.TryWrite(V2, _request.Artifact, _request.Offset, _request.Length, _frame, out int written));
            _frame[written - 1] ^= 1;
            statuses.Add(engine.OnChunk(_frame, 0, written));
        }

        Assert.Equal(24, statuses.Count);
        Assert.Equal(2, statuses.Count(status => status == OtaStatus.BlockMismatch));
        Assert.Equal(OtaStatus.DownloadFailed, statuses[^1]);
        Assert.Equal([1024, 512, 256], lengths);
        Assert.Equal(OtaReason.TransferCorrupt, engine.LastReason);
        var evidence = new byte[32];
        Assert.True(engine.TryReadEvidence(0, evidence, 0));
        Assert.Equal((byte)OtaReason.TransferCorrupt, evidence[1]);
    }

    // [OTA-074]
    [Fact]
    public void Table_OfSeveralSegmentsWrongEveryTime_IsGivenUp()
    {
        OtaImage image = OtaImage.Create(Lab.Bytes(90_000, 2), OtaManifest.MinBlockSize);
        OtaRelease large = Lab.Sign(new OtaManifestBuilder { Product = Lab.Product, Sequence = 2, SecurityVersion = 1 }.Add(0, "2", image), image);
        var flash = new MemoryFlash(300 * 1024, 1024);
        OtaLayout layout = OtaLayout.Divide(flash, factory: false);
        var wide = new OtaBoardLayout(
            layout.State0, layout.State1, layout.Journal0, layout.Journal1,
            new OtaBankLayout(new OtaRegion(10, 2), new OtaRegion(12, 2), new OtaRegion(14, 100)),
            new OtaBankLayout(new OtaRegion(120, 2), new OtaRegion(122, 2), new OtaRegion(124, 100)),
            OtaBankLayout.None, OtaRegion.None, OtaRegion.None);
        Assert.Equal(OtaStatus.Ok, new OtaProvisioner(flash, wide, Lab.Trust()).InstallFirst(V1.Envelope.Span, V1));
        OtaEngine engine = Lab.Boot(flash, wide);
        Assert.Equal(OtaStatus.Ok, engine.Offer(large));
        int chunks = 0;
        while (engine.State == OtaState.Downloading && engine.TryGetRequest(_request) && chunks++ < 100)
        {
            IOtaArtifactSource source = new Section6_LifeCycleTests.TamperingSource(large, 5);
            Assert.True(OtaChunk.TryWrite(source, _request.Artifact, _request.Offset, _request.Length, _frame, out int written));
            engine.OnChunk(_frame, 0, written);
        }

        Assert.Equal(OtaReason.TableMismatch, engine.LastReason);
        Assert.Equal(OtaState.Idle, engine.State);
    }

    // [OTA-066]
    [Fact]
    public void Manifests_ThatTakeTurns_ShareOneCountUntilAHigherOne()
    {
        OtaRelease v3 = Lab.Release(3, 21_500);
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine engine = Lab.Boot(flash, layout);
        OtaStatus status = OtaStatus.Ok;
        int rounds = 0;
        while (status == OtaStatus.Ok && rounds < 100)
        {
            status = engine.Offer(rounds % 2 == 0 ? V2 : v3);
            engine.Abort();
            rounds++;
        }

        Assert.Equal(OtaStatus.TooManyTransitions, status);
        Assert.InRange(rounds, 10, OtaEngine.MaxTransitions + 2);
        engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.TooManyTransitions, engine.Offer(V2));
        Assert.Equal(OtaStatus.Ok, engine.Offer(Lab.Release(4, 21_500)));
    }

    // [OTA-101]
    [Theory]
    [InlineData("product", OtaStatus.WrongProduct)]
    [InlineData("hardware", OtaStatus.WrongHardware)]
    [InlineData("device", OtaStatus.WrongDevice)]
    public void Provisioner_SignedForAnother_WritesNothing(string what, OtaStatus expected)
    {
        OtaRelease foreign = Lab.Release(1, 20_000, 1, _ => new()
        {
            Product = what == "product" ? "other"u8.ToArray() : Lab.Product,
            HardwareMin = what == "hardware" ? 7 : 0,
            Device = what == "device" ? "other"u8.ToArray() : default,
            Sequence = 1,
        });
        var flash = new MemoryFlash(32 * 4096, 4096);
        OtaLayout layout = OtaLayout.Divide(flash, factory: false);
        var provisioner = new OtaProvisioner(flash, layout, Lab.Trust(), Lab.Options());
        Assert.Equal(expected, provisioner.InstallFirst(foreign.Envelope.Span, foreign));
        Assert.Equal(-1, flash.Bytes.IndexOfAnyExcept((byte)0xFF));
        Assert.Equal(OtaStatus.Ok, provisioner.InstallFirst(V1.Envelope.Span, V1));
    }

    // A driver may throw, for want of memory: whatever it threw in is not lost, wherever that was.
    [Fact]
    public void Chunk_DriverThrowsOnceAtAnyCall_IsAskedForAgain()
    {
        int calls = int.MaxValue;
        for (int at = 1; at <= calls; at++)
        {
            (MemoryFlash memory, OtaLayout layout) = Lab.Device(V1);
            var flash = new ThrowingFlash(memory);
            OtaEngine engine = Lab.Boot(flash, layout);
            Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
            flash.ThrowsIn = at;
            try
            {
                engine.Fetch(V2);
                calls = 0;
            }
            catch (InsufficientMemoryException)
            {
                engine.ForgetRequests();
                engine.Fetch(V2);
            }

            Assert.Equal((at, OtaState.Verified), (at, engine.State));
        }
    }

    private sealed class ThrowingFlash(OtaFlash inner) : ForwardingFlash(inner)
    {
        /// <summary>The call that throws, counted down.</summary>
        public int ThrowsIn { get; set; } = int.MaxValue;

        public override bool Read(int address, byte[] buffer, int offset, int count) => Counted() && base.Read(address, buffer, offset, count);

        public override bool Program(int address, byte[] buffer, int offset, int count) => Counted() && base.Program(address, buffer, offset, count);

        public override bool EraseBlock(int block) => Counted() && base.EraseBlock(block);

        private bool Counted() => --ThrowsIn != 0 ? true : throw new InsufficientMemoryException();
    }
}
