using Flint.Ota.Testing;
using Flint.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Flint.Ota.Tests.Properties;

/// <summary>
/// Random sequences of what can happen to a device, against a model that knows only what was confirmed, what is armed, what is under way and what
/// was rejected: it says what each offer is answered with, and what the next start runs and resumes.
/// </summary>
public sealed class ModelProperties
{
    private const uint Deadline = 1000;

    // By sequence; each of its own length, which tells them apart.
    private static readonly OtaRelease[] Releases =
    [
        Make(1, new() { Product = Lab.Product, Sequence = 1 }),
        Make(2, new() { Product = Lab.Product, Sequence = 2, AllowDowngrade = true }),
        Make(3, new() { Product = Lab.Product, Sequence = 3, AllowDowngrade = true, RetryRejected = true, Expires = DateTimeOffset.FromUnixTimeSeconds(Deadline) }),
        Make(4, new() { Product = Lab.Product, Sequence = 4 }),
        Make(5, new() { Product = Lab.Product, Sequence = 5, AllowDowngrade = true, RetryRejected = true }),
    ];

    private static readonly OtaBoard Board = OtaBoard.Small(8, hasEcc: true, 0xFF);

    private enum Step
    {
        None,
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
    public void AnySequence_DeviceAgreesWithModel()
    {
        var seen = new HashSet<OtaStatus>();
        PropertyRunner.Check(Arb.From(Gen.Choose(0, int.MaxValue).Select(seed => seed)), seed => Play(seed, seen), runs: 200);

        // Every answer of the model was given.
        Assert.Superset(
            new HashSet<OtaStatus>
            {
                OtaStatus.Ok, OtaStatus.WrongState, OtaStatus.AlreadyInstalled, OtaStatus.Expired, OtaStatus.RejectedBefore, OtaStatus.Downgrade,
            },
            seen);
    }

    private static void Play(int seed, HashSet<OtaStatus> seen)
    {
        var random = new Random(seed);
        var flash = new FaultFlash(Board);
        OtaLayout layout = Board.Layout(flash);
        using OtaTrustStore trust = Lab.Trust();
        Assert.Equal(OtaStatus.Ok, new OtaProvisioner(flash, layout, trust).InstallFirst(Releases[0].Envelope.Span, Releases[0]));
        var model = new Model();
        OtaEngine engine = Restart(flash, layout, trust, model);
        for (int i = 0; i < 80; i++)
        {
            var step = (Step)random.Next(1, Enum.GetValues<Step>().Length);
            try
            {
                if (step == Step.Cut)
                {
                    flash.Add(new FlashFault(flash.Operations + 1 + random.Next(12), (FlashFaultKind)random.Next(FlashFault.CutKinds)));
                }

                Apply(step, engine, random, model, seen);
                if (step != Step.Reboot)
                {
                    continue;
                }
            }
            catch (PowerCutException)
            {
                // Falls through to the restart.
            }

            engine = Restart(flash, layout, trust, model);
        }

        Assert.Equal("", flash.Violation);
    }

    private static void Apply(Step step, OtaEngine engine, Random random, Model model, HashSet<OtaStatus> seen)
    {
        // What the power may interrupt is known before the call.
        model.Interrupted = step;
        switch (step)
        {
            case Step.Chunks:
                if (engine.State == OtaState.Downloading)
                {
                    engine.Fetch(Releases[model.UnderWay - 1], most: random.Next(1, 8));
                }

                break;
            case Step.NewManifest:
                model.Offered = (uint)random.Next(1, 6);
                OtaStatus expected = model.Expect(engine.State);
                model.Changes++;
                OtaStatus status = engine.Offer(Releases[model.Offered - 1]);
                seen.Add(status);
                Assert.True(
                    status == expected || (status == OtaStatus.TooManyTransitions && expected == OtaStatus.Ok && model.Changes > 8),
                    $"offer of {model.Offered} in {engine.State}: {status} where the model says {expected}");
                if (status == OtaStatus.Ok)
                {
                    model.Take();
                }

                break;
            case Step.ClockJump:
                model.Time = (uint)random.Next(3) * (Deadline - 300);
                engine.TrustedTime = model.Time;
                break;
            case Step.Disconnect:
                engine.ForgetRequests();
                break;
            case Step.Arm:
                if (engine.State == OtaState.Verified)
                {
                    model.BeginArming();
                    Assert.Equal(OtaStatus.Ok, engine.Arm());
                    model.Trial = model.UnderWay;
                    model.UnderWay = 0;
                }

                break;
            case Step.SelfTestGood:
                if (engine.State == OtaState.Trial)
                {
                    Assert.Equal(OtaStatus.Ok, engine.Confirm());
                    model.Confirm();
                }

                break;
            case Step.SelfTestBad:
                if (engine.State == OtaState.Trial)
                {
                    Assert.Equal(OtaStatus.Ok, engine.Reject(OtaReason.SelfTestFailed, 1));
                    model.Reject();
                }

                break;
            case Step.Abort:
                if (engine.Abort() == OtaStatus.Ok)
                {
                    model.UnderWay = 0;
                }

                break;
            default:
                break;
        }

        model.Interrupted = Step.None;
    }

    private static OtaEngine Restart(FaultFlash flash, OtaLayout layout, OtaTrust trust, Model model)
    {
        model.Time = 0;
        while (true)
        {
            try
            {
                model.Starts++;
                model.Changes++;
                var options = new OtaOptions(Lab.Product) { ChunkLength = 512, BufferLength = 512 };
                var engine = new OtaEngine(flash, layout, trust, new OtaBootStage(), options);
                engine.Start();
                model.Observe(engine);
                byte[] image = Image(engine.Boot.Sequence);
                Assert.True(flash.Truth(flash.BlockStart(layout.Bank(engine.Boot.Bank).Image(0).FirstBlock), image.Length).SequenceEqual(image));
                return engine;
            }
            catch (PowerCutException)
            {
                // Cut again while starting.
            }
        }
    }

    private static byte[] Image(uint sequence) => Lab.Bytes(2500 + (int)sequence, (int)sequence);

    private static OtaRelease Make(uint sequence, OtaManifestBuilder builder)
    {
        OtaImage image = OtaImage.Create(Image(sequence), OtaManifest.MinBlockSize);
        return Lab.Sign(builder.Add(0, "m", image), image);
    }

    /// <summary>What is known of the device; a call that the power interrupted happened or did not, and the next start tells.</summary>
    private sealed class Model
    {
        private const int Attempts = 3;

        private uint _confirmed = 1;
        private uint _highest = 1;
        private int _tried;

        // The latest first, two at most.
        private List<uint> _rejected = [];

        public uint Trial { get; set; }

        public uint UnderWay { get; set; }

        public uint Offered { get; set; }

        public uint Time { get; set; }

        public Step Interrupted { get; set; }

        /// <summary>Starts since the last try to arm; some were cut before they counted as an attempt.</summary>
        public int Starts { get; set; }

        /// <summary>What may have changed the state since a manifest above all before was taken; each may have several times.</summary>
        public int Changes { get; set; }

        public OtaStatus Expect(OtaState state)
        {
            if (state is OtaState.Trial or OtaState.Armed or OtaState.Rejected)
            {
                return OtaStatus.WrongState;
            }

            bool allowsDowngrade = Offered != 1 && Offered != 4;
            bool retries = Offered is 3 or 5;
            return Offered == _confirmed ? OtaStatus.AlreadyInstalled
                : Offered == 3 && Time > Deadline ? OtaStatus.Expired
                : _rejected.Contains(Offered) && !retries ? OtaStatus.RejectedBefore
                : Offered < _confirmed && !allowsDowngrade ? OtaStatus.Downgrade
                : UnderWay != 0 && Offered < UnderWay ? OtaStatus.Downgrade
                : OtaStatus.Ok;
        }

        public void BeginArming()
        {
            Starts = 0;
            _tried = 0;
        }

        public void Take()
        {
            UnderWay = Offered;
            Changes = Offered > _highest ? 0 : Changes;
            _highest = Math.Max(_highest, Offered);
        }

        public void Confirm()
        {
            _confirmed = Trial;
            _rejected.Remove(Trial);
            Trial = 0;
        }

        public void Reject()
        {
            if (!_rejected.Contains(Trial))
            {
                _rejected = [Trial, .. _rejected.Take(1)];
            }

            Trial = 0;
        }

        public void Observe(OtaEngine engine)
        {
            uint runs = engine.Boot.Sequence;
            if (engine.Boot.Source == OtaBootSource.Trial)
            {
                Trial = Interrupted == Step.Arm && Trial == 0 ? UnderWay : Trial;
                Assert.Equal(Trial, runs);
                Assert.True(++_tried <= Attempts, $"trial boot {_tried}");
                UnderWay = 0;
            }
            else
            {
                Assert.Equal(OtaBootSource.Confirmed, engine.Boot.Source);
                ObserveConfirmed(engine, runs);
            }

            Interrupted = Step.None;
        }

        private void ObserveConfirmed(OtaEngine engine, uint runs)
        {
            // Cut in its arming, and then again in each of its starts.
            if (Interrupted == Step.Arm && Trial == 0 && Starts > Attempts && engine.LastReason == OtaReason.AttemptsExhausted)
            {
                Trial = UnderWay;
                UnderWay = 0;
            }

            if (Trial != 0 && Interrupted == Step.SelfTestGood && runs == Trial)
            {
                Confirm();
            }
            else if (Trial != 0)
            {
                Assert.True(Interrupted == Step.SelfTestBad || Starts > Attempts, $"{Trial} is rejected after {Starts} starts");
                Reject();
            }

            Assert.Equal(_confirmed, runs);
            bool isUnderWay = engine.State is OtaState.Downloading or OtaState.Verified;
            uint resumed = isUnderWay ? (uint)engine.Progress.TotalBytes - 2500 : 0;
            bool isNew = Interrupted == Step.NewManifest && (resumed == Offered || resumed == 0);
            bool isEnded = Interrupted == Step.Abort && resumed == 0;
            Assert.True(resumed == UnderWay || isNew || isEnded, $"resumes {resumed} where {UnderWay} was under way");
            UnderWay = resumed;
        }
    }
}
