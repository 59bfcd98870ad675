namespace Flint.Ota.Tests.Spec;

/// <summary>docs/spec/ota.md section 7: what a chunk may do, and what it may not.</summary>
public sealed class Section7_ChunkTests
{
    private static readonly OtaRelease V1 = Lab.Release(1, 20_000);
    private static readonly OtaRelease V2 = Lab.Release(2, 21_000);

    private readonly byte[] _frame = new byte[5000];
    private readonly OtaRequest _request = new();

    // [OTA-071]
    [Fact]
    public void OnChunk_AnyBitTurned_ChangesNothing()
    {
        OtaEngine engine = Downloading(out MemoryFlash flash);
        Assert.Equal(OtaStatus.Ok, engine.Fetch(V2, most: 1));
        byte[] good = _frame[..Next(engine)];
        Assert.Equal(OtaStatus.Ok, engine.OnChunk(good, 0, good.Length));
        int written = Next(engine);
        byte[] before = flash.Bytes.ToArray();
        for (int bit = 0; bit < written * 8; bit++)
        {
            // Between them one that is right, so that the link counts as one that works.
            Assert.Equal(OtaStatus.ChunkDuplicate, engine.OnChunk(good, 0, good.Length));
            _frame[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.True(engine.OnChunk(_frame, 0, written) is OtaStatus.ChunkCorrupt or OtaStatus.ChunkMalformed or OtaStatus.ChunkOutOfRange);
            _frame[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.True(flash.Bytes.SequenceEqual(before));
        Assert.Equal(OtaStatus.Ok, engine.OnChunk(_frame, 0, written));
    }

    // [OTA-072]
    [Fact]
    public void OnChunk_Twice_IsDuplicateAndNoProgress()
    {
        OtaEngine engine = Downloading(out _);
        engine.Fetch(V2, most: 1);
        int written = Next(engine);
        Assert.Equal(OtaStatus.Ok, engine.OnChunk(_frame, 0, written));
        int fetched = engine.Progress.FetchedBytes;
        Assert.Equal(OtaStatus.ChunkDuplicate, engine.OnChunk(_frame, 0, written));
        Assert.Equal(fetched, engine.Progress.FetchedBytes);
    }

    [Fact]
    public void OnChunk_OutOfOrder_IsTakenAndOnlyHolesAreAskedFor()
    {
        OtaEngine engine = Downloading(out _);
        engine.Fetch(V2, most: 1);
        var offsets = new List<int>();
        while (engine.TryGetRequest(_request))
        {
            offsets.Add(_request.Offset);
        }

        Assert.Equal([0, 1024, 2048, 3072], offsets);
        Assert.Equal(OtaStatus.Ok, Give(engine, V2, 3072));
        Assert.Equal(OtaStatus.Ok, Give(engine, V2, 1024));
        engine.ForgetRequests();
        Assert.True(engine.TryGetRequest(_request));
        Assert.Equal(0, _request.Offset);
        Assert.Equal(OtaStatus.Ok, Give(engine, V2, 0));
        Assert.True(engine.TryGetRequest(_request));
        Assert.Equal(2048, _request.Offset);
        Assert.Equal(OtaStatus.Ok, Give(engine, V2, 2048));
        Assert.Equal(4096, engine.Progress.VerifiedBytes);
    }

    [Fact]
    public void OnChunk_OfAnotherImageSameOffset_IsCorrupt()
    {
        OtaEngine engine = Downloading(out _);
        engine.Fetch(V2, most: 1);
        OtaRelease other = Lab.Release(3, 21_000);
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine otherEngine = Lab.Boot(flash, layout);
        otherEngine.Offer(other);
        otherEngine.Fetch(other, most: 1);
        Assert.True(otherEngine.TryGetRequest(_request));
        Assert.True(OtaChunk.TryWrite(other, _request.Artifact, 0, 1024, _frame, out int written));
        Assert.Equal(OtaStatus.ChunkCorrupt, engine.OnChunk(_frame, 0, written));
    }

    [Fact]
    public void OnChunk_BeyondImage_IsOutOfRange()
    {
        OtaEngine engine = Downloading(out _);
        Next(engine);
        _frame[0] = 0x7F;
        Assert.Equal(OtaStatus.ChunkOutOfRange, engine.OnChunk(_frame, 0, OtaChunkFrame.HeaderLength + _request.Length));
    }

    // As a server that answers a request for a range with everything would.
    [Theory]
    [InlineData(0, 1023)]
    [InlineData(0, 1025)]
    [InlineData(0, 2048)]
    [InlineData(0, 4096)]
    [InlineData(3072, 1023)]
    [InlineData(3072, 1025)]
    [InlineData(3072, 4096)]
    public void OnChunk_ShorterOrLongerThanAsked_IsMalformed(int offset, int length)
    {
        OtaEngine engine = Downloading(out MemoryFlash flash);
        engine.Fetch(V2, most: 1);
        Next(engine);
        byte[] before = flash.Bytes.ToArray();
        Assert.True(OtaChunk.TryWrite(V2, _request.Artifact, offset, length, _frame, out int written));
        Assert.Equal(OtaStatus.ChunkMalformed, engine.OnChunk(_frame, 0, written));
        Assert.True(flash.Bytes.SequenceEqual(before));
    }

    [Fact]
    public void OnChunk_NotInTheWindow_IsLeftAside()
    {
        OtaEngine engine = Downloading(out MemoryFlash flash);
        engine.Fetch(V2, most: 1);
        Assert.True(engine.TryGetRequest(_request));
        byte[] before = flash.Bytes.ToArray();
        Assert.Equal(OtaStatus.ChunkNotRequested, Give(engine, V2, 8192));
        Assert.True(flash.Bytes.SequenceEqual(before));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(10)]
    public void OnChunk_ShorterThanItsHeader_IsMalformed(int count)
    {
        OtaEngine engine = Downloading(out _);
        Assert.Equal(OtaStatus.ChunkMalformed, engine.OnChunk(new byte[count], 0, count));
    }

    // [OTA-074]
    [Fact]
    public void TableWrongEveryTime_IsGivenUpWithReason()
    {
        OtaEngine engine = Downloading(out _);
        Assert.Equal(OtaStatus.DownloadFailed, engine.Fetch(new Section6_LifeCycleTests.TamperingSource(V2, 3)));
        Assert.Equal(OtaReason.TableMismatch, engine.LastReason);
    }

    [Fact]
    public void OnChunk_WholeImage_AllocatesNothing()
    {
        OtaEngine engine = Downloading(out _);
        var frames = new List<byte[]>();
        var request = new OtaRequest();
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine rehearsal = Lab.Boot(flash, layout);
        rehearsal.Offer(V2);
        while (rehearsal.TryGetRequest(request))
        {
            Assert.True(OtaChunk.TryWrite(V2, request.Artifact, request.Offset, request.Length, _frame, out int written));
            frames.Add(_frame[..written]);
            rehearsal.OnChunk(_frame, 0, written);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (byte[] frame in frames)
        {
            engine.TryGetRequest(request);
            engine.OnChunk(frame, 0, frame.Length);
        }

        engine.Arm();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(OtaState.Armed, engine.State);
    }

    private static OtaEngine Downloading(out MemoryFlash flash)
    {
        (flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        return engine;
    }

    private int Next(OtaEngine engine)
    {
        Assert.True(engine.TryGetRequest(_request));
        Assert.True(OtaChunk.TryWrite(V2, _request.Artifact, _request.Offset, _request.Length, _frame, out int written));
        return written;
    }

    private OtaStatus Give(OtaEngine engine, OtaRelease release, int offset)
    {
        Assert.True(OtaChunk.TryWrite(release, _request.Artifact, offset, 1024, _frame, out int written));
        return engine.OnChunk(_frame, 0, written);
    }
}
