namespace Flint.Ota.Tests.Spec;

/// <summary>docs/spec/ota.md section 8, [OTA-086]: a boot loader that does not start what it was asked for.</summary>
public sealed class Section8_LoaderTests
{
    private static readonly OtaRelease V1 = Lab.Release(1, 20_000);
    private static readonly OtaRelease V2 = Lab.Release(2, 21_000);

    [Fact]
    public void Loader_RefusesTheConfirmedBank_RunsTheOtherWhereItVerifies()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        Lab.Boot(flash, layout).Install(V2);
        Lab.Boot(flash, layout).Confirm();

        Assert.True(Start(flash, layout, running: 0).Boot.MustReset);
        OtaEngine engine = Start(flash, layout, running: 0);
        Assert.False(engine.Boot.MustReset);
        Assert.Equal(OtaBootSource.Confirmed, engine.Boot.Source);
        Assert.Equal(1u, engine.Boot.Sequence);
        Assert.Equal(OtaReason.LoaderRefused, engine.LastReason);
        Assert.False(Start(flash, layout, running: 0).Boot.MustReset);
        engine = Start(flash, layout, running: 0);
        engine.Install(Lab.Release(3, 21_000));
        Section6_LifeCycleTests.AssertRuns(engine, Lab.Bytes(20_000, 1));
    }

    [Fact]
    public void Loader_RefusesAndRunsABankThatDoesNotVerify_IsRecoveryNotALoop()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        byte[] running = flash.Bytes[layout.Bank(1).Manifest.Start(flash)..].ToArray();
        Assert.True(Start(flash, layout, running: 1).Boot.MustReset);
        for (int i = 0; i < 3; i++)
        {
            OtaEngine engine = Start(flash, layout, running: 1);
            Assert.False(engine.Boot.MustReset);
            Assert.Equal(OtaBootSource.Recovery, engine.Boot.Source);
            Assert.Equal(OtaReason.LoaderRefused, engine.LastReason);
            Assert.Equal(OtaState.Idle, engine.State);
        }

        // An update is taken, and not into the bank that runs.
        Start(flash, layout, running: 1).Install(V2);
        Assert.True(flash.Bytes[layout.Bank(1).Manifest.Start(flash)..].SequenceEqual(running));
    }

    [Fact]
    public void Loader_Obeys_AndLaterNotOnce_IsAskedAgain()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        Assert.True(Start(flash, layout, running: 1).Boot.MustReset);
        OtaEngine engine = Start(flash, layout, running: 0);
        Assert.False(engine.Boot.MustReset);

        // Whatever changes the record begins anew.
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        Assert.Equal(OtaStatus.Ok, engine.Abort());
        Assert.True(Start(flash, layout, running: 1).Boot.MustReset);
    }

    private static OtaEngine Start(MemoryFlash flash, OtaLayout layout, int running) => Lab.BootFrom(new Loader(running), flash, layout);
}
