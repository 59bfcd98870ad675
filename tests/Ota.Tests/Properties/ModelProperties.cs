using Flint.Ota.Testing;
using Flint.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Flint.Ota.Tests.Properties;

/// <summary>
/// Random sequences of what can happen to a device, against a model that knows only what was confirmed, what is on trial and what was rejected.
/// </summary>
public sealed class ModelProperties
{
    private static readonly OtaRelease[] Releases = [.. Enumerable.Range(1, 4).Select(i => Make((uint)i))];

    private static readonly OtaBoard Board = OtaBoard.Small(8, hasEcc: true, 0xFF);

    private enum Step
    {
        Chunks,
        Cut,
        Reboot,
        NewManifest,
        ClockJump,
        Disconnect,
        Arm,
        SelfTestGood,
        SelfTestBad,
        Abort,
    }

    [Fact]
    public void AnySequence_DeviceAgreesWithModel() => PropertyRunner.Check(
        Arb.From(Gen.Choose(0, int.MaxValue).Select(seed => seed)), seed => Play(seed), runs: 150);

    private static void Play(int seed)
    {
        var random = new Random(seed);
        var flash = new FaultFlash(Board);
        OtaLayout layout = Board.Layout(flash);
        using OtaTrustStore trust = Lab.Trust();
        Assert.Equal(OtaStatus.Ok, new OtaProvisioner(flash, layout, trust).InstallFirst(Releases[0].Envelope.Span, Releases[0]));

        // The model. A call that the power interrupted may have happened or not; then two answers are right until the next start tells.
        var confirmed = new HashSet<uint> { 1 };
        var trial = new HashSet<uint> { 0 };
        uint wanted = 2;
        OtaEngine engine = Boot(flash, layout, trust);
        for (int i = 0; i < 60; i++)
        {
            var step = (Step)random.Next(Enum.GetValues<Step>().Length);
            try
            {
                if (step == Step.Cut)
                {
                    flash.Add(new FlashFault(flash.Operations + 1 + random.Next(12), (FlashFaultKind)random.Next(FlashFault.CutKinds)));
                }

                Apply(step, engine, random, ref wanted, confirmed, trial);
                if (step != Step.Reboot)
                {
                    continue;
                }
            }
            catch (PowerCutException)
            {
                // Falls through to the restart.
            }

            engine = Restart(flash, layout, trust, confirmed, trial);
        }

        Assert.Equal("", flash.Violation);
    }

    // [OTA-059] A manifest that is not above the one under way takes its place only once that is given up.
    private static OtaStatus Take(OtaEngine engine, OtaRelease release)
    {
        OtaStatus status = engine.Offer(release);
        if (status == OtaStatus.Downgrade && engine.Abort() == OtaStatus.Ok)
        {
            status = engine.Offer(release);
        }

        return status;
    }

    private static void Apply(Step step, OtaEngine engine, Random random, ref uint wanted, HashSet<uint> confirmed, HashSet<uint> trial)
    {
        OtaRelease release = Releases[wanted - 1];
        switch (step)
        {
            case Step.Chunks:
                if (engine.State == OtaState.Downloading && Take(engine, release) == OtaStatus.Ok)
                {
                    engine.Fetch(release, most: random.Next(1, 8));
                }

                break;
            case Step.NewManifest:
                wanted = (uint)random.Next(2, 5);
                Take(engine, Releases[wanted - 1]);
                break;
            case Step.ClockJump:
                engine.TrustedTime = (uint)random.Next();
                break;
            case Step.Disconnect:
                engine.ForgetRequests();
                break;
            case Step.Arm:
                if (engine.State == OtaState.Verified)
                {
                    // Before the call: the power may go within it.
                    trial.UnionWith([2, 3, 4]);
                    Assert.Equal(OtaStatus.Ok, engine.Arm());
                }

                break;
            case Step.SelfTestGood:
                if (engine.State == OtaState.Trial)
                {
                    confirmed.Add(engine.Boot.Sequence);
                    Assert.Equal(OtaStatus.Ok, engine.Confirm());
                    confirmed.RemoveWhere(sequence => sequence != engine.Boot.Sequence);
                    trial.IntersectWith([0]);
                }

                break;
            case Step.SelfTestBad:
                if (engine.State == OtaState.Trial)
                {
                    Assert.Equal(OtaStatus.Ok, engine.Reject(OtaReason.SelfTestFailed, 1));
                    trial.IntersectWith([0]);
                }

                break;
            case Step.Abort:
                engine.Abort();
                break;
            default:
                break;
        }
    }

    private static OtaEngine Restart(FaultFlash flash, OtaLayout layout, OtaTrust trust, HashSet<uint> confirmed, HashSet<uint> trial)
    {
        while (true)
        {
            try
            {
                OtaEngine engine = Boot(flash, layout, trust);
                uint runs = engine.Boot.Sequence;
                Assert.NotEqual(OtaBootSource.Recovery, engine.Boot.Source);
                Assert.NotEqual(OtaBootSource.Factory, engine.Boot.Source);
                if (engine.Boot.Source == OtaBootSource.Trial)
                {
                    Assert.Contains(runs, trial);
                }
                else
                {
                    // What runs is the confirmed one, and from here on there is one answer only.
                    Assert.Contains(runs, confirmed);
                    confirmed.RemoveWhere(sequence => sequence != runs);
                    trial.IntersectWith([0]);
                }

                byte[] image = Lab.Bytes(2500 + (int)runs, (int)runs);
                Assert.True(flash.Truth(flash.BlockStart(layout.Bank(engine.Boot.Bank).Image(0).FirstBlock), image.Length).SequenceEqual(image));
                return engine;
            }
            catch (PowerCutException)
            {
                // Cut again while starting.
            }
        }
    }

    private static OtaEngine Boot(OtaFlash flash, OtaLayout layout, OtaTrust trust)
    {
        var options = new OtaOptions(Lab.Product) { ChunkLength = 512, BufferLength = 512 };
        var engine = new OtaEngine(flash, layout, trust, new OtaBootStage(), options);
        engine.Start();
        return engine;
    }

    private static OtaRelease Make(uint sequence)
    {
        OtaImage image = OtaImage.Create(Lab.Bytes(2500 + (int)sequence, (int)sequence), OtaManifest.MinBlockSize);
        return Lab.Sign(new OtaManifestBuilder { Product = Lab.Product, Sequence = sequence, AllowDowngrade = true, RetryRejected = true }.Add(0, "m", image), image);
    }
}
