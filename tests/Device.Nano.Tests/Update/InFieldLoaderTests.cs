using Flint.Device.Nano.Tests.Support;
using Flint.Ota;

namespace Flint.Device.Nano.Tests.Update;

/// <summary>Images that a boot loader with two slots swaps in: the engine decides, the slots follow, whatever the power does.</summary>
public sealed class InFieldLoaderTests : IDisposable
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 3000).Select(i => (byte)((i * 7) & 0xFF))];
    private readonly LoaderTests _ground = new();
    private readonly TestPlatform _platform = new(0);
    private readonly Slots _slots = new();
    private readonly LoaderTests.Boot _boot;
    private OtaEngine _engine;

    public InFieldLoaderTests() => _boot = _ground.NewTrial(Content, out _engine);

    [Fact]
    public void Trial_IsCopiedSwappedInAndKept()
    {
        Assert.False(NewLoader().Run());
        Assert.Equal("factory"u8.ToArray(), _slots.Running);
        Restart();
        Assert.Equal(Content, _slots.Running);
        InFieldLoader loader = NewLoader();
        Assert.True(loader.Run());
        Assert.Equal(0u, loader.SelfTest());
        _engine.Confirm();
        Restart();

        Assert.Equal(Content, _slots.Running);
        Assert.True(NewLoader().Run());
        Assert.Equal(1, _slots.Sessions);
    }

    [Fact]
    public void Trial_CutAtEveryOperation_EndsWithTheImageKeptOrTakenBackForGood()
    {
        int kept = 0;
        for (int cut = 0; cut < 40; cut++)
        {
            using var test = new InFieldLoaderTests();
            test._slots.CutAfter = cut;
            int boots = 0;
            while (!test.Live())
            {
                Assert.True(++boots < 8, $"cut at operation {cut}");
                test.Restart();
            }

            // A hand-over takes a start, and a cut another: where the attempts of the engine end before that, both sides go back together.
            bool isKept = test._engine.LastReason != OtaReason.AttemptsExhausted;
            kept += isKept ? 1 : 0;
            Assert.Equal((OtaState.Idle, false), (test._engine.State, test._slots.IsPending));
            Assert.Equal(isKept ? Content : "factory"u8.ToArray(), test._slots.Running);
        }

        Assert.InRange(kept, 38, 40);
    }

    [Fact]
    public void Trial_ThatNeverPasses_IsTakenBackByTheSlotsAndEndsWithTheEnginesAttempts()
    {
        for (int boot = 0; boot < 12 && _engine.State == OtaState.Trial; boot++)
        {
            NewLoader().Run();
            Restart();
        }

        // Nothing is left to run but what the slots hold; the next reset takes the image back.
        Assert.NotEqual(OtaState.Trial, _engine.State);
        Assert.True(NewLoader().Run());
        Restart();
        Assert.Equal("factory"u8.ToArray(), _slots.Running);
    }

    [Fact]
    public void Slots_ThatTakeNothing_RejectTheImageInsteadOfTestingAnother()
    {
        _slots.Fails = true;

        Assert.False(NewLoader().Run());
        Assert.Equal((OtaState.Rejected, OtaReason.SelfTestFailed, InFieldLoader.DetailNotCopied), (_engine.State, _engine.LastReason, _engine.LastDetail));
        Assert.Equal("factory"u8.ToArray(), _slots.Running);
    }

    [Fact]
    public void SelfTest_OfTheProgram_ComesFirst()
    {
        NewLoader().Run();
        Restart();
        var failing = new InFieldLoader(_engine, _slots, _platform, () => 9);

        Assert.True(failing.Run());
        Assert.Equal(9u, failing.SelfTest());
        Assert.True(_slots.IsPending);
        _slots.Fails = true;
        Assert.Equal(InFieldLoader.DetailNotConfirmed, NewLoader().SelfTest());
    }

    public void Dispose() => _ground.Dispose();

    private InFieldLoader NewLoader() => new(_engine, _slots, _platform, null);

    /// <summary>One life of the device up to a reset, a power cut or a kept image.</summary>
    private bool Live()
    {
        try
        {
            InFieldLoader loader = NewLoader();
            if (!loader.Run())
            {
                return false;
            }

            if (_engine.State == OtaState.Trial && loader.SelfTest() == 0)
            {
                _slots.Operation();
                _engine.Confirm();
            }

            return _engine.State == OtaState.Idle && !_slots.IsPending;
        }
        catch (PowerCutException)
        {
            return false;
        }
    }

    private void Restart()
    {
        _slots.Reset();
        _engine = _ground.NewEngine(_boot);
        _engine.Start();
    }

    private sealed class PowerCutException : Exception;

    /// <summary>MCUboot as far as it matters: two slots, a swap that is asked for, a revert where nobody confirmed.</summary>
    private sealed class Slots : IInFieldUpdate
    {
        private readonly List<byte> _second = [];
        private byte[] _before = [];
        private bool _swaps;

        public byte[] Running { get; private set; } = "factory"u8.ToArray();

        public bool IsPending { get; private set; }

        public bool Fails { get; set; }

        public int Sessions { get; private set; }

        public int CutAfter { get; set; } = int.MaxValue;

        public int ResumeSession(int length)
        {
            Operation();
            Sessions += _second.Count == 0 ? 1 : 0;
            return Fails ? -1 : _second.Count;
        }

        public bool StoreChunk(byte[] buffer, int offset, int count)
        {
            // The power may go in the middle of a chunk: half of it is there.
            bool dies = CutAfter == 0;
            _second.AddRange(buffer.AsSpan(offset, dies ? count / 2 : count));
            Operation();
            return !Fails;
        }

        public bool CompleteSession()
        {
            Operation();
            _swaps = _second.SequenceEqual(Content);
            return _swaps;
        }

        public void AbandonSession() => _second.Clear();

        public bool Confirm()
        {
            Operation();
            IsPending &= Fails;
            return !Fails;
        }

        public void Reboot() => Operation();

        public void Operation()
        {
            if (CutAfter-- == 0)
            {
                throw new PowerCutException();
            }
        }

        public void Reset()
        {
            if (_swaps)
            {
                (_before, Running) = (Running, [.. _second]);
                _second.Clear();
                (_swaps, IsPending) = (false, true);
            }
            else if (IsPending)
            {
                (Running, IsPending) = (_before, false);
            }
        }
    }
}
