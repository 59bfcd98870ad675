using System;
using System.Collections.Generic;

namespace Flint.Ota.Testing;

/// <summary>
/// One device under one scenario and some faults, from its first power-on to where the scenario should bring it. Everything that must hold is
/// checked after each start; the first that does not is the result.
/// </summary>
/// <remarks>The properties P1 to P11 are those of docs/ota-proof.md.</remarks>
internal sealed partial class ProofRun
{
    private const int MaxPowerOns = 60;
    private const int MaxWornPowerOns = 12;
    private const int MaxTrials = 3;
    private const int SettleBoots = 13;

    private readonly OtaLayout _layout;
    private readonly OtaTrust _trust;
    private readonly ProofRelease[] _releases;
    private readonly OtaScenario _scenario;
    private readonly ProofFlash _flash;
    private readonly bool _driverLied;
    private readonly OtaRequest _request = new();
    private readonly byte[] _frame = new byte[OtaChunkFrame.HeaderLength + 1024];

    // The world, which remembers across power cuts.
    private string _failure = "";
    private bool _isDeaf;
    private bool _isSwitched;
    private bool _isRotten;
    private bool _isRotInTrial;
    private bool _isReasonSeen;
    private bool _isServerGood;
    private bool _isSpent;
    private int _pauses;
    private int _trials;
    private uint _confirmed = 1;
    private uint _trialOf;
    private int _progress;
    private uint _progressOf;
    private int _fetched;
    private int _offered;
    private int _powerOns;

    public ProofRun(OtaLayout layout, OtaTrust trust, ProofRelease[] releases, OtaScenario scenario, ProofFlash flash)
    {
        _layout = layout;
        _trust = trust;
        _releases = releases;
        _scenario = scenario;
        _flash = flash;
        _driverLied = !flash.OnlyCuts;
    }

    private uint Goal => _scenario switch
    {
        _ when _isSpent => _confirmed,
        OtaScenario.Good or OtaScenario.BadServer or OtaScenario.Pause or OtaScenario.RotDownload or OtaScenario.ForeignChunks => 2,
        OtaScenario.SwitchManifest or OtaScenario.TwoUpdates or OtaScenario.Abort or OtaScenario.Factory => 3,

        // What rots before it ran is fetched again; what rots once it ran is not wanted any more.
        OtaScenario.RotTrial when !_isRotInTrial => 2,
        _ => 1,
    };

    /// <summary>Runs to the end; an empty text where everything held.</summary>
    /// <param name="operations">The flash operations until the device was where the scenario should bring it.</param>
    public string Run(out int operations)
    {
        bool isDone = false;
        while (!isDone && _failure.Length == 0 && _powerOns < (_flash.IsWorn ? MaxWornPowerOns : MaxPowerOns))
        {
            _powerOns++;
            try
            {
                isDone = PowerOn();
            }
            catch (PowerCutException)
            {
                // The loop is the reset.
            }
        }

        operations = _flash.Operations;
        isDone |= _flash.IsWorn;
        Require(isDone || _failure.Length > 0, "P2: did not converge");
        Require(_flash.Violation.Length == 0, "P7: " + _flash.Violation);
        if (_failure.Length == 0)
        {
            CheckSettled();
            CheckWear();
        }

        return _failure;
    }

    /// <returns>Whether the device is where it should be.</returns>
    private bool PowerOn()
    {
        OtaEngine engine = Start();
        if (_isDeaf)
        {
            // Whatever the program does in a start that knows nothing, the next one has to have what was on flash.
            Offer(engine, Wanted(_confirmed));
            return false;
        }

        if (_failure.Length > 0)
        {
            return false;
        }

        uint runs = engine.Boot.Sequence;
        if (engine.State == OtaState.Trial)
        {
            return OnTrial(engine, runs);
        }

        if (IsAtGoal(engine, runs))
        {
            return true;
        }

        if (_scenario == OtaScenario.RotConfirmed && runs == 2 && !_isRotten)
        {
            _isRotten = Rot(PlaceOf(engine.Boot.Bank));
            return false;
        }

        if (_scenario == OtaScenario.Factory && runs == 2 && engine.Boot.Source == OtaBootSource.Confirmed && !_isRotten)
        {
            _isRotten = Rot(PlaceOf(0)) && Rot(PlaceOf(1));
            return false;
        }

        Update(engine, runs);
        return false;
    }

    private OtaEngine Start()
    {
        var options = new OtaOptions(ProofRelease.Product) { ChunkLength = 512, BufferLength = 512, Window = 4 };
        var engine = new OtaEngine(_flash, _layout, _trust, new OtaBootStage(), options);
        _flash.BeginStart();
        OtaBootDecision boot = engine.Start();
        _isDeaf = _flash.EndStart();
        OtaInput[] ways = boot.Source == OtaBootSource.Trial ? [OtaInput.StartedTrial] : [OtaInput.Started, OtaInput.StartedResuming];
        Require(Array.Exists(ways, way => IsAfter(OtaState.Off, way, engine.State))
            || (IsAfter(OtaState.Downloading, OtaInput.DownloadComplete, engine.State) && boot.Source != OtaBootSource.Trial), $"starts as {engine.State}");

        if (_isDeaf)
        {
            Require(boot.Source == OtaBootSource.Recovery, $"P1: a start that could read nothing boots from {boot.Source}");
            return engine;
        }

        // P1: what runs is, byte for byte, what was signed.
        ProofRelease? release = boot.Sequence is >= 1 and <= 3 ? _releases[boot.Sequence - 1] : null;
        bool mayUseFactory = _scenario == OtaScenario.Factory && _isRotten;

        // Where the one place to run from is worn, nothing can run.
        bool mayHaveNothing = _flash.IsWorn && _layout.HasSwap && boot.Source == OtaBootSource.Recovery;
        Require(mayHaveNothing || (boot.Source != OtaBootSource.Recovery && release is not null), "P1: nothing to boot");
        Require(boot.Source != OtaBootSource.Factory || mayUseFactory, "P8: the factory image while a bank is good");
        if (_failure.Length > 0 || release is null)
        {
            return engine;
        }

        if (boot.Source == OtaBootSource.Confirmed && boot.Sequence > _confirmed && boot.Sequence == _trialOf)
        {
            // The power went when the confirm was on flash and before the program knew.
            _confirmed = boot.Sequence;
        }

        Require(IsInBank(release, boot.Bank), $"P1: boots version {boot.Sequence} from bank {boot.Bank}, whose bytes nobody signed");
        Require(engine.Floor == 1 || _confirmed == 3, "P3: the floor rose before the confirm");
        Require(engine.Floor == 2 || _confirmed != 3, "P3: the floor fell");
        Require(release.SecurityVersion >= engine.Floor, "P3: boots below the floor");
        if (boot.Source == OtaBootSource.Trial)
        {
            _trials = _trialOf == boot.Sequence ? _trials + 1 : 1;
            _trialOf = boot.Sequence;
            Require(_trials <= MaxTrials, "P4: more trial boots than attempts");
        }
        else
        {
            Require(boot.Sequence >= _confirmed || _isRotten, $"P5: version {boot.Sequence} boots after {_confirmed} was confirmed");
        }

        if (engine.State is OtaState.Downloading or OtaState.Verified)
        {
            Require(_driverLied || _isRotten || engine.Progress.VerifiedBytes >= _progress, "P10: progress went back");
            CheckCounted(engine);
        }

        return engine;
    }

    /// <returns>Whether the device is where it should be.</returns>
    private bool OnTrial(OtaEngine engine, uint runs)
    {
        bool isBad = (runs == 2 && _scenario is OtaScenario.BadSelfTest or OtaScenario.CrashLoop) || (runs == 3 && _scenario == OtaScenario.BadFloor);
        if (_scenario == OtaScenario.RotTrial && !_isRotten)
        {
            _isRotInTrial = true;
            _isRotten = Rot(PlaceOf(engine.Boot.Bank));
            return false;
        }

        if (isBad)
        {
            if (_scenario != OtaScenario.CrashLoop)
            {
                OtaStatus rejected = engine.Reject(OtaReason.SelfTestFailed, 7);
                Expect(rejected, OtaStatus.Ok, "reject");
                Follow(engine, OtaState.Trial, rejected, OtaInput.Rejected);
            }

            return false;
        }

        OtaStatus status = engine.Confirm();
        Follow(engine, OtaState.Trial, status, OtaInput.Confirmed);
        if (status == OtaStatus.Ok)
        {
            _confirmed = runs;
            _progressOf = 0;
        }
        else
        {
            Expect(status, OtaStatus.FlashFailed, "confirm");
        }

        return status == OtaStatus.Ok && IsAtGoal(engine, runs);
    }

    private bool IsAtGoal(OtaEngine engine, uint runs)
    {
        if (runs != Goal || engine.Boot.Source == OtaBootSource.Factory)
        {
            return false;
        }

        switch (_scenario)
        {
            case OtaScenario.BadSelfTest:
            case OtaScenario.BadFloor:
                return IsRefused(engine) && Require(
                    _flash.IsWorn || engine.LastReason is OtaReason.SelfTestFailed or OtaReason.AttemptsExhausted, $"the reason is lost: {engine.LastReason}");
            case OtaScenario.CrashLoop:
                return IsRefused(engine) && Require(_flash.IsWorn || engine.LastReason == OtaReason.AttemptsExhausted, $"the reason is lost: {engine.LastReason}");
            case OtaScenario.RotTrial when _isRotInTrial:
                return IsRefused(engine) && Require(
                    _flash.IsWorn || engine.LastReason is OtaReason.TrialCorrupt or OtaReason.AttemptsExhausted, $"the reason is lost: {engine.LastReason}");
            case OtaScenario.RotConfirmed:
                return _isRotten && Require(_flash.IsWorn || engine.LastReason == OtaReason.ConfirmedCorrupt, $"the reason is lost: {engine.LastReason}");
            default:
                return true;
        }
    }

    private bool IsRefused(OtaEngine engine) => Offer(engine, Wanted(1)) == OtaStatus.RejectedBefore;

    private void Update(OtaEngine engine, uint runs)
    {
        if (_scenario == OtaScenario.RotTrial && _isRotten && !_isReasonSeen)
        {
            _isReasonSeen = true;
            Require(_flash.IsWorn || engine.LastReason == OtaReason.TrialCorrupt, $"the reason is lost: {engine.LastReason}");
        }

        ProofRelease release = Wanted(runs);
        OtaStatus status = Offer(engine, release);
        if (status == OtaStatus.RejectedBefore && engine.LastReason == OtaReason.AttemptsExhausted && _flash.FaultsMet >= MaxTrials)
        {
            // Power that goes in each of its trials spends the attempts of a good image too [OTA-082]: then refused is where it should be.
            _isSpent = true;
            return;
        }

        if (status != OtaStatus.Ok)
        {
            // Flash that refuses is tried again at the next power-on.
            Expect(status, OtaStatus.FlashFailed, "offer");
            return;
        }

        int chunks = 0;
        while (engine.State == OtaState.Downloading && _failure.Length == 0)
        {
            if (OnTheWay(engine, ref release, ++chunks))
            {
                return;
            }

            if (!engine.TryGetRequest(_request))
            {
                Require(false, "the download asks for nothing");
                return;
            }

            Carry(engine, release);
        }

        if (engine.State == OtaState.Verified)
        {
            Arm(engine);
        }
    }

    /// <summary>What a scenario does in the middle of a download; whether the power-on ends here.</summary>
    private bool OnTheWay(OtaEngine engine, ref ProofRelease release, int chunks)
    {
        bool isHalfWay = chunks == 5 && release.Sequence == 2;
        if (isHalfWay && _scenario == OtaScenario.SwitchManifest)
        {
            _isSwitched = true;
            release = _releases[2];
            OtaStatus status = Offer(engine, release);
            Require(status is OtaStatus.Ok or OtaStatus.FlashFailed, $"offer: {status}");
            return status != OtaStatus.Ok;
        }

        if (isHalfWay && _scenario == OtaScenario.Abort)
        {
            _isSwitched = true;
            _progressOf = 0;
            OtaStatus status = engine.Abort();
            Follow(engine, OtaState.Downloading, OtaStatus.Ok, OtaInput.DownloadEnded);
            Require(status is OtaStatus.Ok or OtaStatus.FlashFailed, $"abort: {status}");
            return true;
        }

        if (_scenario == OtaScenario.RotDownload && !_isRotten && release.Sequence == 2 && engine.Progress.VerifiedBytes >= 2048)
        {
            _isRotten = Rot(Find(release, engine.Boot.Bank, 1024));
            return true;
        }

        if (isHalfWay && _scenario == OtaScenario.Pause && _pauses < 2)
        {
            _pauses++;
            Expect(engine.Pause(), OtaStatus.Ok, "pause");
            Follow(engine, OtaState.Downloading, OtaStatus.Ok, OtaInput.Pause);
            Require(!engine.TryGetRequest(_request), "a paused download asks");
            if (_pauses == 1)
            {
                return true;
            }

            Expect(engine.Resume(), OtaStatus.Ok, "resume");
            Follow(engine, OtaState.Paused, OtaStatus.Ok, OtaInput.Resume);
        }

        return false;
    }

    private void Carry(OtaEngine engine, ProofRelease release)
    {
        if (!OtaChunk.TryWrite(release.Source, _request.Artifact, _request.Offset, _request.Length, _frame, out int written))
        {
            Require(false, "asks for what the manifest does not name");
            return;
        }

        if (_scenario == OtaScenario.BadServer && !_isServerGood && !_request.IsTable && _request.Offset >= 1024)
        {
            _isServerGood = true;
            _frame[OtaChunkFrame.HeaderLength] ^= 1;
            OtaChunk.WriteHeader(_trust, _request.Artifact, _frame, 0, _request.Offset, _request.Length);
        }

        if (_scenario == OtaScenario.ForeignChunks)
        {
            CarryForeign(engine, written);
        }

        _fetched += _request.Length;
        OtaStatus status = engine.OnChunk(_frame, 0, written);
        Require(status is OtaStatus.Ok or OtaStatus.BlockMismatch or OtaStatus.DownloadFailed, $"chunk: {status}");
        if (engine.State != OtaState.Downloading)
        {
            Follow(engine, OtaState.Downloading, OtaStatus.Ok, status == OtaStatus.DownloadFailed ? OtaInput.DownloadEnded : OtaInput.DownloadComplete);
        }

        if (status == OtaStatus.DownloadFailed)
        {
            Require(_flash.IsWorn, $"the download was given up: {engine.LastReason}");
            return;
        }

        _progress = engine.Progress.VerifiedBytes;
        CheckCounted(engine);
        Require(_progress <= engine.Progress.TotalBytes, "P10: more than everything");
    }

    // The right bytes at the right place of another artifact, and beyond the end of this one; and a chunk cut short.
    private void CarryForeign(OtaEngine engine, int written)
    {
        byte[] good = _frame[..written];
        _request.Artifact[0] ^= 2;
        OtaChunk.WriteHeader(_trust, _request.Artifact, _frame, 0, _request.Offset, _request.Length);
        _request.Artifact[0] ^= 2;
        Require(engine.OnChunk(_frame, 0, written) == OtaStatus.ChunkCorrupt, "a chunk of another image is taken");
        OtaChunk.WriteHeader(_trust, _request.Artifact, _frame, 0, 1 << 20, _request.Length);
        Require(engine.OnChunk(_frame, 0, written) == OtaStatus.ChunkOutOfRange, "a chunk beyond the image is taken");
        Require(engine.OnChunk(good, 0, written - 1) == OtaStatus.ChunkMalformed, "a chunk cut short is taken");
        good.CopyTo(_frame, 0);
    }

    private void Arm(OtaEngine engine)
    {
        OtaStatus status = engine.Arm();
        Follow(engine, OtaState.Verified, status, OtaInput.Armed);
        Require(status is OtaStatus.Ok or OtaStatus.FlashFailed, $"arm: {status}");
        if (status == OtaStatus.Ok)
        {
            _progressOf = 0;
            if (_scenario == OtaScenario.RotTrial && !_isRotten)
            {
                _isRotten = Rot(Find(_releases[1], engine.Boot.Bank, _releases[1].Images[0].Length));
            }
        }
    }

    private OtaStatus Offer(OtaEngine engine, ProofRelease release)
    {
        if (_progressOf != release.Sequence)
        {
            _progressOf = release.Sequence;
            _progress = 0;
            _offered += release.TotalBytes;
        }

        OtaState before = engine.State;
        OtaStatus status = engine.Offer(release.Envelope, 0, release.Envelope.Length);
        if (before != OtaState.Verified)
        {
            // What is verified is not fetched anew for the same manifest.
            Follow(engine, before, status, OtaInput.ManifestAccepted);
        }

        return status;
    }

    private ProofRelease Wanted(uint runs) => _scenario switch
    {
        OtaScenario.SwitchManifest or OtaScenario.Abort => _releases[_isSwitched || runs == 2 ? 2 : 1],
        OtaScenario.TwoUpdates => _releases[runs == 1 ? 1 : 2],
        OtaScenario.Factory => _releases[_isRotten ? 2 : 1],
        OtaScenario.BadFloor => _releases[2],
        _ => _releases[1],
    };

    private bool IsInBank(ProofRelease release, int bank)
    {
        OtaBankLayout place = _layout.Bank(_layout.HasSwap && bank != OtaLayout.FactoryBank ? 0 : bank);
        for (int i = 0; i < release.Images.Length; i++)
        {
            int address = _flash.BlockStart(place.Image(i).FirstBlock);
            if (!_flash.Truth(address, release.Images[i].Length).SequenceEqual(release.Images[i]))
            {
                return false;
            }
        }

        return true;
    }

    // Where the first image of the bank that boots lies: on boards with one place to run from, there.
    private int PlaceOf(int bank) =>
        _flash.BlockStart(_layout.Bank(_layout.HasSwap && bank != OtaLayout.FactoryBank ? 0 : bank).Image(0).FirstBlock);

    // Where the bank that does not run has its first image: the other bank, or the store from its first slot on or its second.
    private int[] Elsewhere(int running)
    {
        if (_layout is not OtaBoardLayout { HasSwap: true } moved)
        {
            return running == 0 ? [PlaceOf(1)] : running == 1 ? [PlaceOf(0)] : [PlaceOf(0), PlaceOf(1)];
        }

        int store = _flash.BlockStart(_layout.Bank(1).Image(0).FirstBlock);
        return running < 0 ? [store, store + moved.SlotLength, PlaceOf(0)] : [store, store + moved.SlotLength];
    }

    // Which of these places holds the image, of which the first bytes are there.
    private int Find(ProofRelease release, int running, int bytes)
    {
        int[] places = Elsewhere(running);
        ReadOnlySpan<byte> image = release.Images[0].AsSpan(0, bytes);
        return _flash.Truth(places[0], bytes).SequenceEqual(image) ? places[0] : places[^1];
    }

    // P10: what is counted as verified is on flash, byte for byte, whatever was marked before. For the first image; others follow it.
    private void CheckCounted(OtaEngine engine)
    {
        bool isThere = false;
        foreach (int place in Elsewhere(engine.Boot.Bank))
        {
            foreach (ProofRelease release in _releases)
            {
                byte[] image = release.Images[0];
                int counted = Math.Min(engine.Progress.VerifiedBytes, image.Length);
                isThere = isThere || _flash.Truth(place, counted).SequenceEqual(image.AsSpan(0, counted));
            }
        }

        Require(isThere, "P10: counts as verified what is not on flash");
    }

    private bool Rot(int place)
    {
        _flash.Rot(place + 777, 0x04);
        return true;
    }

    // Wherever a call leads, the table has an arrow to; a call that was refused leads nowhere, or to where a download ends.
    private void Follow(OtaEngine engine, OtaState before, OtaStatus status, OtaInput input)
    {
        bool isRefused = status != OtaStatus.Ok
            && (engine.State == before || IsAfter(before, OtaInput.DownloadEnded, engine.State) || IsAfter(before, OtaInput.ManifestAccepted, engine.State));
        Require(isRefused || IsAfter(before, input, engine.State), $"{input} leads from {before} to {engine.State}");
    }

    private static bool IsAfter(OtaState before, OtaInput input, OtaState state) => OtaTransitions.TryNext(before, input, out OtaState next) && next == state;

    private void Expect(OtaStatus status, OtaStatus expected, string what) =>
        Require(_flash.IsWorn || status == expected || (status == OtaStatus.FlashFailed && _flash.FaultsMet > 0), $"{what}: {status}");

    private bool Require(bool holds, string otherwise)
    {
        if (!holds && _failure.Length == 0)
        {
            _failure = otherwise;
        }

        return holds;
    }
}
