using System.Buffers.Binary;
using Flint.Ota.Testing;

namespace Flint.Ota.Tests.Spec;

/// <summary>docs/spec/ota.md section 6: an update from offer to confirm, and each way in which it ends otherwise.</summary>
public sealed class Section6_LifeCycleTests
{
    private static readonly OtaRelease V1 = Lab.Release(1, 20_000);
    private static readonly OtaRelease V2 = Lab.Release(2, 23_456, securityVersion: 2);

    // [OTA-062]
    [Fact]
    public void Update_Confirmed_RunsNewImageAndRaisesFloor()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaBootSource.Confirmed, engine.Boot.Source);
        Assert.Equal(OtaReason.Provisioned, engine.LastReason);

        engine.Install(V2);
        Assert.Equal(OtaState.Armed, engine.State);
        Assert.Equal(1u, engine.Floor);

        engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaBootSource.Trial, engine.Boot.Source);
        Assert.Equal(2u, engine.Boot.Sequence);
        Assert.Equal(2, engine.Boot.AttemptsLeft);
        Assert.Equal(1u, engine.Floor);
        Assert.Equal(OtaStatus.Ok, engine.Confirm());
        Assert.Equal(2u, engine.Floor);

        engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaBootSource.Confirmed, engine.Boot.Source);
        Assert.Equal(2u, engine.Boot.Sequence);
        Assert.Equal(OtaReason.Confirmed, engine.LastReason);
        Assert.Equal(2u, engine.Floor);
        AssertRuns(engine, Lab.Bytes(23_456, 2));
    }

    // Section 5.2: policy 4 and 5 and the deployment, from the bytes of section 4.5, by what is public.
    [Fact]
    public void Trial_ReadsItsManifest_FindsWhatTheConfirmTakes()
    {
        OtaRelease asks = Lab.Release(2, 23_456, change: _ => new OtaManifestBuilder
        {
            Product = Lab.Product,
            Sequence = 2,
            SecurityVersion = 1,
            ConfirmWithin = 600,
            SelfTests = 0b101,
            Deployment = "deploy-7"u8.ToArray(),
        });
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        Lab.Boot(flash, layout).Install(asks);
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaState.Trial, engine.State);

        int start = flash.BlockStart(layout.Bank(engine.Boot.Bank).Manifest.FirstBlock);
        var region = new byte[16 + OtaManifest.MaxEnvelopeLength];
        Assert.True(flash.Read(start, region, 0, region.Length));
        var manifest = new OtaManifest();
        Assert.Equal(OtaStatus.Ok, manifest.TryRead(region, 16, BinaryPrimitives.ReadUInt16BigEndian(region.AsSpan(4))));
        Assert.Equal((2u, 600u, 0b101u), (manifest.Sequence, manifest.ConfirmWithin, manifest.SelfTests));
        Assert.Equal("deploy-7"u8.ToArray(), region.AsSpan(manifest.DeploymentOffset, manifest.DeploymentCount).ToArray());
    }

    // [OTA-063]
    [Fact]
    public void Trial_SelfTestFails_RollsBackWithReasonAfterReset()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        Lab.Boot(flash, layout).Install(V2);
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Reject(OtaReason.SelfTestFailed, 42));
        Assert.Equal(OtaState.Rejected, engine.State);
        Assert.Equal(OtaStatus.WrongState, engine.Offer(V2));

        engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaBootSource.Confirmed, engine.Boot.Source);
        Assert.Equal(1u, engine.Boot.Sequence);
        Assert.Equal(OtaReason.SelfTestFailed, engine.LastReason);
        Assert.Equal(42u, engine.LastDetail);
        Assert.Equal(1u, engine.Floor);
        Assert.Equal(OtaStatus.RejectedBefore, engine.Offer(V2));
        AssertRuns(engine, Lab.Bytes(20_000, 1));
    }

    // [OTA-081]
    [Fact]
    public void Trial_NeverConfirmed_RollsBackAfterItsAttempts()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        Lab.Boot(flash, layout).Install(V2);
        for (int left = 2; left >= 0; left--)
        {
            OtaEngine trial = Lab.Boot(flash, layout);
            Assert.Equal(OtaBootSource.Trial, trial.Boot.Source);
            Assert.Equal(left, trial.Boot.AttemptsLeft);
        }

        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(1u, engine.Boot.Sequence);
        Assert.Equal(OtaReason.AttemptsExhausted, engine.LastReason);
        Assert.Equal(OtaStatus.RejectedBefore, engine.Offer(V2));
    }

    [Fact]
    public void Rejected_RetryAskedByNewManifest_IsTriedAgain()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        Lab.Boot(flash, layout).Install(V2);
        Lab.Boot(flash, layout).Reject(OtaReason.SelfTestFailed, 0);
        OtaEngine engine = Lab.Boot(flash, layout);

        OtaImage image = OtaImage.Create(Lab.Bytes(23_456, 2));
        OtaRelease again = Lab.Sign(
            new OtaManifestBuilder { Product = Lab.Product, Sequence = 3, SecurityVersion = 2, RetryRejected = true }.Add(0, "2.0.0", image), image);
        engine.Install(again);
        Assert.Equal(OtaStatus.Ok, Lab.Boot(flash, layout) is var trial ? trial.Confirm() : default);
        Assert.Equal(3u, Lab.Boot(flash, layout).Boot.Sequence);
    }

    // At each operation of a download, whatever the cut leaves behind. Erase blocks of 1 KiB and blocks of the table of 1 KiB.
    [Fact]
    public void Download_CutAnywhere_ResumesAndFetchesAtMostOneBlockAgain()
    {
        OtaBoard board = OtaBoard.Small(1, hasEcc: false, 0xFF);
        OtaImage image = OtaImage.Create(Lab.Bytes(4_500, 2), OtaManifest.MinBlockSize);
        OtaRelease release = Lab.Sign(new OtaManifestBuilder { Product = Lab.Product, Sequence = 2, SecurityVersion = 1 }.Add(0, "2", image), image);
        OtaRelease first = Lab.Release(1, 4_000);
        var offered = new FaultFlash(board);
        OtaLayout layout = board.Layout(offered);
        Assert.Equal(OtaStatus.Ok, new OtaProvisioner(offered, layout, Lab.Trust()).InstallFirst(first.Envelope.Span, first));
        Assert.Equal(OtaStatus.Ok, Lab.Boot(offered, layout).Offer(release));

        var flash = new FaultFlash(board);
        var options = new OtaOptions(Lab.Product) { ChunkLength = 256 };
        int at = 0;
        for (bool isCut = true; isCut; at++)
        {
            for (int kind = 0; kind < FlashFault.CutKinds; kind++)
            {
                flash.CopyFrom(offered, seed: 1);
                flash.Add(new FlashFault(at + 1, (FlashFaultKind)kind));
                int fetched = 0;
                try
                {
                    OtaEngine one = Lab.Boot(flash, layout, options);
                    FetchAll(one, release, ref fetched);
                    isCut = false;
                }
                catch (PowerCutException)
                {
                    OtaEngine engine = Lab.Boot(flash, layout, options);
                    FetchAll(engine, release, ref fetched);
                }

                int needed = image.Table.Length + 4_500;
                Assert.True(fetched - needed <= 1024, $"cut {kind} at {at + 1}: fetched {fetched} of {needed}");
            }
        }

        Assert.InRange(at, 20, 60);
    }

    private static void FetchAll(OtaEngine engine, OtaRelease release, ref int fetched)
    {
        var request = new OtaRequest();
        var frame = new byte[OtaChunkFrame.HeaderLength + 256];
        Assert.NotEqual(OtaState.Idle, engine.State);
        while (engine.TryGetRequest(request))
        {
            fetched += request.Length;
            Assert.True(OtaChunk.TryWrite(release, request.Artifact, request.Offset, request.Length, frame, out int written));
            Assert.Equal(OtaStatus.Ok, engine.OnChunk(frame, 0, written));
        }

        Assert.Equal(OtaState.Verified, engine.State);
    }

    // [OTA-043]
    [Fact]
    public void Download_OtherManifestSameBlocks_KeepsWhatMatches()
    {
        byte[] changed = Lab.Bytes(23_456, 2);
        changed[10_000] ^= 1;
        OtaRelease v3 = Lab.Release(3, changed);
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine engine = Lab.Boot(flash, layout);
        engine.Offer(V2);
        engine.Fetch(V2, most: 19);

        Assert.Equal(OtaStatus.Ok, engine.Offer(v3));
        Assert.Equal(OtaStatus.Ok, engine.Fetch(v3));
        Assert.Equal(OtaState.Verified, engine.State);
        Assert.Equal(3 * 4096, engine.Progress.ResumedBytes);
        Assert.Equal(OtaStatus.Ok, engine.Arm());
        AssertRuns(Lab.Boot(flash, layout), changed);
    }

    [Fact]
    public void Abort_Download_LeavesRunningImageAndSaysSo()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine engine = Lab.Boot(flash, layout);
        engine.Offer(V2);
        engine.Fetch(V2, most: 5);
        Assert.Equal(OtaStatus.Ok, engine.Abort());
        engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaState.Idle, engine.State);
        Assert.Equal(OtaReason.Aborted, engine.LastReason);
    }

    [Fact]
    public void Pause_Download_AsksForNothingUntilResumed()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine engine = Lab.Boot(flash, layout);
        engine.Offer(V2);
        engine.Fetch(V2, most: 5);
        Assert.Equal(OtaStatus.Ok, engine.Pause());
        Assert.False(engine.TryGetRequest(new OtaRequest()));
        Assert.Equal(OtaStatus.Ok, engine.Resume());
        Assert.Equal(OtaStatus.Ok, engine.Fetch(V2));
        Assert.Equal(OtaState.Verified, engine.State);
    }

    // [OTA-073]
    [Fact]
    public void Image_Tampered_IsRefusedBeforeArming()
    {
        var source = new TamperingSource(V2, 9_000);
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        Assert.Equal(OtaStatus.DownloadFailed, engine.Fetch(source));
        Assert.Equal(OtaReason.ImageMismatch, engine.LastReason);
        Assert.Equal(OtaState.Idle, engine.State);
        Assert.Equal(OtaStatus.WrongState, engine.Arm());
        engine = Lab.Boot(flash, layout);
        Assert.Equal(1u, engine.Boot.Sequence);
        Assert.Equal(OtaReason.ImageMismatch, engine.LastReason);
    }

    // [OTA-064]
    [Fact]
    public void Boot_Confirmed_WritesNothing()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        Lab.Boot(flash, layout).Install(V2);
        Lab.Boot(flash, layout).Confirm();
        byte[] before = flash.Bytes.ToArray();
        Lab.Boot(flash, layout);
        Assert.True(flash.Bytes.SequenceEqual(before));
    }

    [Fact]
    public void Blank_Flash_IsRecoveryAndTakesAnUpdate()
    {
        var flash = new MemoryFlash(32 * 4096, 4096);
        OtaLayout layout = OtaLayout.Divide(flash, factory: false);
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaBootSource.Recovery, engine.Boot.Source);
        Assert.True(engine.Boot.IsBlank);
        engine.Install(V1);
        engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Confirm());
        Assert.Equal(1u, Lab.Boot(flash, layout).Boot.Sequence);
    }

    // Blank is one thing and damaged another: here the floor is lost with the state.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void State_Damaged_IsRecoveryAndNotBlank(bool both)
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        flash.Bytes.Slice(layout.State0.Start(flash), 4096).Fill(0xFF);
        flash.Bytes.Slice(layout.State1.Start(flash), 4096).Fill(both ? (byte)0xA5 : (byte)0xFF);
        flash.Bytes[layout.State0.Start(flash) + 130] = 0x12;
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaBootSource.Recovery, engine.Boot.Source);
        Assert.False(engine.Boot.IsBlank);
        engine.Install(V2);
        Assert.Equal(OtaStatus.Ok, Lab.Boot(flash, layout).Confirm());
        Assert.Equal(2u, Lab.Boot(flash, layout).Boot.Sequence);
    }

    internal static void AssertRuns(OtaEngine engine, byte[] image)
    {
        var read = new byte[image.Length];
        Assert.Equal(image.Length, engine.ImageLength(0));
        Assert.True(engine.TryReadImage(0, 0, read, 0, read.Length));
        Assert.Equal(image, read);
    }

    /// <summary>A server that turns one bit of the image.</summary>
    internal sealed class TamperingSource(IOtaArtifactSource inner, int at) : IOtaArtifactSource
    {
        public bool TryRead(ReadOnlySpan<byte> artifact, int offset, Span<byte> destination)
        {
            bool read = inner.TryRead(artifact, offset, destination);
            if (at >= offset && at < offset + destination.Length)
            {
                destination[at - offset] ^= 0x10;
            }

            return read;
        }
    }
}
