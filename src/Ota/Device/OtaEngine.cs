using System;

namespace Flint.Ota;

/// <summary>
/// The update engine of a device: it decides what to boot, downloads into the bank that is not running, verifies, arms, tries, confirms and
/// rolls back. It does no I/O but flash, reads no clock, never throws because of what flash or peer say, and does not allocate after construction.
/// </summary>
/// <remarks>
/// docs/spec/ota.md. One thread at a time. RAM: two buffers (<see cref="OtaOptions.BufferLength"/> and one manifest) and below 1 KiB of state,
/// whatever the size of the image.
/// </remarks>
public sealed partial class OtaEngine
{
    /// <summary>How often one manifest may change the stored state.</summary>
    public const int MaxTransitions = 32;

    private readonly OtaFlash _flash;
    private readonly OtaLayout _layout;
    private readonly OtaTrust _trust;
    private readonly OtaBoot _boot;
    private readonly OtaOptions _options;
    private readonly OtaStateRecord _record;

    // The record as it was before a change that is taken back where its commit fails.
    private readonly byte[] _before;
    private readonly OtaStateLog _log;
    private readonly OtaJournal _journal;
    private readonly IOtaEvidence? _evidence;
    private readonly OtaBankStore _store;
    private readonly OtaPlacement _swap;
    private readonly OtaDownload _download;

    // The manifest under way (or, during Start, of the bank under examination), in its own buffer behind room for the stored header.
    private readonly OtaManifest _manifest;
    private readonly byte[] _manifestBuffer;
    private readonly OtaManifest _offered;
    private readonly byte[] _digest;
    private readonly byte[] _setDigest;

    // What runs.
    private readonly byte[] _runningSet;
    private readonly int[] _runningSizes;
    private int _running;
    private uint _runningSequence;
    private uint _runningVersion;

    private OtaState _state;
    private int _target;
    private OtaReason _bootFault;

    /// <summary>An engine over flash that is laid out as <paramref name="layout"/> says.</summary>
    /// <exception cref="ArgumentException">Layout or options do not fit; the message says what to change.</exception>
    public OtaEngine(OtaFlash flash, OtaLayout layout, OtaTrust trust, OtaBoot boot, OtaOptions options)
    {
        string fault = layout.Check(flash);
        if (fault.Length == 0)
        {
            fault = CheckOptions(options, flash);
        }

        if (fault.Length > 0)
        {
            throw new ArgumentException(fault);
        }

        _flash = flash;
        _layout = layout;
        _trust = trust;
        _boot = boot;
        _options = options;
        _record = new OtaStateRecord();
        _before = new byte[OtaStateRecord.Length];
        _log = new OtaStateLog(flash, trust, layout.State0, layout.State1);
        _journal = new OtaJournal(flash, trust, layout.Journal0, layout.Journal1);
        _evidence = layout.Evidence(flash, trust);
        byte[] io = new byte[options.BufferLength];
        _store = new OtaBankStore(flash, trust, io);
        _swap = layout.Place(flash, trust, io);
        _manifest = new OtaManifest();
        _manifestBuffer = new byte[OtaBankStore.ManifestRegionLength(flash)];
        _offered = new OtaManifest();
        _digest = new byte[OtaTrust.DigestLength];
        _setDigest = new byte[OtaTrust.DigestLength];
        _runningSet = new byte[OtaTrust.DigestLength];
        _runningSizes = new int[OtaLayout.MaxComponents];
        _running = -1;
        _download = new OtaDownload(flash, trust, _store, _journal, options, _manifest);
        Boot = new OtaBootDecision();
    }

    /// <summary>Where the engine is in an update.</summary>
    public OtaState State => _state;

    /// <summary>What <see cref="Start"/> decided.</summary>
    public readonly OtaBootDecision Boot;

    /// <summary>How far the download is.</summary>
    public OtaProgress Progress
    {
        get { return _download.Progress; }
    }

    /// <summary>How the last update ended, or why the device runs what it runs; it survives a restart.</summary>
    public OtaReason LastReason
    {
        get { return _bootFault != OtaReason.None ? _bootFault : (OtaReason)_record.Reason; }
    }

    /// <summary>The number that the program gave with <see cref="Reject"/>; it survives a restart.</summary>
    public uint LastDetail
    {
        get { return _record.Detail; }
    }

    /// <summary>The anti-rollback floor: no manifest with a security version below it is accepted or booted.</summary>
    public uint Floor
    {
        get { return _record.Floor; }
    }

    /// <summary>Seconds since 1970 where the program has a clock that it trusts, otherwise 0 and expiry is not evaluated.</summary>
    public uint TrustedTime;

    /// <summary>Gives a range of an artifact to fetch; <c>false</c> where none is wanted now, or all that are wanted were given.</summary>
    public bool TryGetRequest(OtaRequest request)
    {
        return State == OtaState.Downloading && _download.TryGetRequest(request);
    }

    /// <summary>Forgets what was asked for and has not come, so that <see cref="TryGetRequest"/> gives it again: after a timeout or a lost connection.</summary>
    public void ForgetRequests()
    {
        _download.ForgetRequests();
    }

    /// <summary>Takes a chunk frame (section 7.2); allocates nothing.</summary>
    /// <returns>
    /// <see cref="OtaStatus.Ok"/>, or why the chunk was left aside. After <see cref="OtaStatus.BlockMismatch"/> the block is asked for again;
    /// after <see cref="OtaStatus.DownloadFailed"/> the engine is idle and <see cref="LastReason"/> says why.
    /// </returns>
    public OtaStatus OnChunk(byte[] frame, int offset, int count)
    {
        if (State != OtaState.Downloading)
        {
            return OtaStatus.WrongState;
        }

        OtaStatus status = _download.OnChunk(frame, offset, count);
        if (status == OtaStatus.DownloadFailed)
        {
            EndDownload(_download.Failure);
        }
        else if (_download.IsComplete)
        {
            Move(OtaInput.DownloadComplete);
        }

        return status;
    }

    /// <summary>Lets the download rest.</summary>
    public OtaStatus Pause()
    {
        return Move(OtaInput.Pause) ? OtaStatus.Ok : OtaStatus.WrongState;
    }

    /// <summary>Lets a resting download go on.</summary>
    public OtaStatus Resume()
    {
        _download.ForgetRequests();
        return Move(OtaInput.Resume) ? OtaStatus.Ok : OtaStatus.WrongState;
    }

    /// <summary>Gives the download up.</summary>
    public OtaStatus Abort()
    {
        OtaState next;
        return OtaTransitions.TryNext(State, OtaInput.DownloadEnded, out next) ? EndDownload(OtaReason.Aborted) : OtaStatus.WrongState;
    }

    /// <summary>
    /// Looks once more at the whole of every image and records the bank as the one to try at the next start, and tells the boot loader.
    /// </summary>
    /// <returns>
    /// <see cref="OtaStatus.BlockMismatch"/> where the flash lost a block since it was verified: the engine downloads again.
    /// </returns>
    public OtaStatus Arm()
    {
        if (State != OtaState.Verified)
        {
            return OtaStatus.WrongState;
        }

        // [OTA-087]
        if (!HasArrived() && !HasArrived())
        {
            return VerifyAgain();
        }

        // [OTA-061] Bank, trial and attempts change in one record.
        _record.Write(_before, 0, _trust);
        _record.BankStatus[_target] = OtaStateRecord.Valid;
        _record.Trial = _target;
        _record.Attempts = _manifest.Attempts;
        if (!Commit())
        {
            return TakeBack();
        }

        _boot.SetNext(_target);
        Move(OtaInput.Armed);
        return OtaStatus.Ok;
    }

    /// <summary>Makes the bank on trial the confirmed one and raises the floor to its security version, in one record. Safe to repeat.</summary>
    public OtaStatus Confirm()
    {
        if (State != OtaState.Trial)
        {
            return OtaStatus.WrongState;
        }

        // [OTA-062] The floor rises here and nowhere else.
        _record.Write(_before, 0, _trust);
        _record.Confirmed = _running;
        _record.Trial = OtaStateRecord.NoBank;
        _record.Attempts = 0;
        if (_runningVersion > _record.Floor)
        {
            _record.Floor = _runningVersion;
        }

        _record.RemoveRejected(_runningSet);
        SetReason(OtaReason.Confirmed, 0);
        if (!Commit())
        {
            return TakeBack();
        }

        Note(_running, _runningSequence);
        Move(OtaInput.Confirmed);
        return OtaStatus.Ok;
    }

    /// <summary>
    /// Gives the bank on trial up: it is not booted again and its images are refused from now on. The device has to be reset.
    /// </summary>
    /// <param name="reason"><see cref="OtaReason.SelfTestFailed"/> or a number from 128 to 255 of the program's own.</param>
    /// <param name="detail">A number of the program's own, readable after the reset as <see cref="LastDetail"/>.</param>
    public OtaStatus Reject(OtaReason reason, uint detail)
    {
        if (State != OtaState.Trial)
        {
            return OtaStatus.WrongState;
        }

        _record.Write(_before, 0, _trust);
        if (!RecordRejection(_running, reason, detail, _runningSet))
        {
            return TakeBack();
        }

        Note(_running, _runningSequence);
        if (_record.Confirmed != OtaStateRecord.NoBank)
        {
            _boot.SetNext(_record.Confirmed);
        }

        Move(OtaInput.Rejected);
        return OtaStatus.Ok;
    }

    /// <summary>Reads the running image of a component; <c>false</c> beyond its end, where nothing runs, or where the flash fails.</summary>
    public bool TryReadImage(int component, int imageOffset, byte[] buffer, int offset, int count)
    {
        return _running >= 0
            && component >= 0 && component < Bank(_running).ComponentCount
            && imageOffset >= 0 && count >= 0 && imageOffset <= _runningSizes[component] - count
            && _flash.Read(Bank(_running).Image(component).Start(_flash) + imageOffset, buffer, offset, count);
    }

    /// <summary>The bytes of the running image of a component; 0 where nothing runs.</summary>
    public int ImageLength(int component)
    {
        return _running >= 0 && component >= 0 && component < Bank(_running).ComponentCount ? _runningSizes[component] : 0;
    }

    /// <summary>Copies 32 bytes of evidence (section 4.4), the newest for <paramref name="back"/> 0; <c>false</c> where there is none.</summary>
    public bool TryReadEvidence(int back, byte[] buffer, int offset)
    {
        return _evidence != null && _evidence.TryRead(back, buffer, offset);
    }

    // Where a bank lies now: on boards that run from one place, that depends on which images stand there.
    private OtaBankLayout Bank(int bank)
    {
        return _swap.Bank(bank, _record.Placed);
    }

    // [OTA-065] Where this program is not the boot stage, nobody looks at the bank between here and the jump: digests, not checksums.
    private bool HasArrived()
    {
        OtaBankLayout bank = Bank(_target);
        return _store.VerifyChecksums(bank, _manifest) && (_boot.RunningBank < 0 || _store.VerifyBank(bank, _manifest));
    }

    private OtaStatus VerifyAgain()
    {
        Array.Copy(_journal.Digest, 0, _digest, 0, _digest.Length);
        bool begun = _download.Begin(_manifest, Bank(_target), _target, _digest, _journal.Done, 0);
        if (!begun || _download.IsComplete)
        {
            // Every block is what its digest says and the whole is not what the checksum says: the manifest contradicts itself.
            EndDownload(begun ? OtaReason.ImageMismatch : OtaReason.FlashWorn);
            return OtaStatus.DownloadFailed;
        }

        Move(OtaInput.ManifestAccepted);
        return OtaStatus.BlockMismatch;
    }

    private OtaStatus EndDownload(OtaReason reason)
    {
        _record.BankStatus[_target] = OtaStateRecord.Empty;
        SetReason(reason, 0);
        bool written = Commit();
        Note(_target, _manifest.Sequence);
        Move(OtaInput.DownloadEnded);
        return written ? OtaStatus.Ok : OtaStatus.FlashFailed;
    }

    private bool RecordRejection(int bank, OtaReason reason, uint detail, byte[] setDigest)
    {
        _record.AddRejected(setDigest);
        _record.BankStatus[bank] = OtaStateRecord.Empty;
        _record.Trial = OtaStateRecord.NoBank;
        _record.Attempts = 0;
        SetReason(reason, detail);
        return Commit();
    }

    private void SetReason(OtaReason reason, uint detail)
    {
        _record.Reason = (int)reason;
        _record.Detail = detail;
        _bootFault = OtaReason.None;
    }

    private bool Commit()
    {
        if (_record.Transitions < MaxTransitions)
        {
            _record.Transitions++;
        }

        _record.IsAsked = false;
        return _log.Commit(_record);
    }

    // [OTA-027] What was not committed is not the state, and a later commit must not carry it. The number stays used: one copy may stand on flash.
    private OtaStatus TakeBack()
    {
        uint sequence = _record.Sequence;
        _record.Read(_before, 0);
        _record.Sequence = sequence;
        return OtaStatus.FlashFailed;
    }

    private void Note(int bank, uint about)
    {
        _evidence?.Append(_record, bank, _runningSequence, about);
    }

    private bool Move(OtaInput input)
    {
        OtaState next;
        bool moved = OtaTransitions.TryNext(State, input, out next);
        _state = next;
        return moved;
    }

    private static string CheckOptions(OtaOptions options, OtaFlash flash)
    {
        int unit = flash.WriteUnit;
        if (options.Product.Length < 1 || options.Product.Length > 16)
        {
            return "The product is 1 to 16 bytes.";
        }

        if (options.Device.Length > 32)
        {
            return "The device's name is at most 32 bytes.";
        }

        if (options.ChunkLength < 256 || options.ChunkLength > OtaChunkFrame.MaxDataLength || options.BufferLength < 512
            || options.ChunkLength % unit != 0 || options.BufferLength % unit != 0)
        {
            return "ChunkLength 256 to 4096, BufferLength from 512, both multiples of the write unit.";
        }

        return options.Window >= 1 && options.Window <= 31 ? "" : "Window is 1 to 31.";
    }
}
