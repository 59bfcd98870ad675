using System;

namespace Flint.Ota;

public sealed partial class OtaEngine
{
    /// <summary>
    /// Decides what to boot (section 8) and picks up a download that was under way. Call it once, before anything else. A bank on trial has
    /// one attempt consumed, on flash, before this returns; a confirmed bank is booted without a write.
    /// </summary>
    public OtaBootDecision Start()
    {
        if (State != OtaState.Off)
        {
            return Boot;
        }

        bool known = _log.Load(_record);
        if (!known)
        {
            _record.Clear(_before);
        }

        Boot.IsBlank = !known && _log.IsBlank();
        Boot.AttemptsLeft = 0;

        bool settled = Settle();
        if (settled && TryTrial())
        {
            Boot.AttemptsLeft = _record.Attempts;
            Chosen(OtaBootSource.Trial, _record.Trial);
        }
        else if (!_swap.IsUnderWay(_record) && TryConfirmed())
        {
            Chosen(OtaBootSource.Confirmed, _record.Confirmed);
        }
        else if (_layout.HasFactory && Examine(OtaLayout.FactoryBank) == OtaReason.None)
        {
            Chosen(OtaBootSource.Factory, OtaLayout.FactoryBank);
        }
        else
        {
            Recover();
        }

        Enter();
        return Boot;
    }

    private bool TryTrial()
    {
        if (_record.Trial == OtaStateRecord.NoBank)
        {
            return false;
        }

        // [OTA-081] The set digest is needed even where the bank is not looked at, for the list of the rejected.
        int bank = _record.Trial;
        OtaReason fault = Spent();
        OtaReason found = fault == OtaReason.None ? Prepare(bank) : Examine(bank);
        fault = fault == OtaReason.None ? found : fault;
        if (_record.Trial != bank || _swap.IsUnderWay(_record))
        {
            // Rejected on the way to where it runs, or the flash takes no record.
            return false;
        }

        if (fault == OtaReason.None && IsInRunningPlace())
        {
            // [OTA-096] The boot stage counted.
            return true;
        }

        if (fault == OtaReason.None)
        {
            // [OTA-082] The attempt is consumed before the jump. What cannot be counted is not run.
            _record.Attempts--;
            if (Commit())
            {
                return true;
            }

            _bootFault = OtaReason.FlashWorn;
            return false;
        }

        // [OTA-063] A set that never ran has shown nothing about itself.
        if (_record.Attempts == _manifest.Attempts)
        {
            Array.Clear(_setDigest, 0, _setDigest.Length);
        }

        uint sequence = _manifest.ComponentCount > 0 ? _manifest.Sequence : 0;
        RecordRejection(bank, fault, 0, _setDigest);
        Note(bank, sequence);
        return false;
    }

    private OtaReason Spent()
    {
        if (IsInRunningPlace())
        {
            return OtaReason.None;
        }

        return _record.Attempts == 0 ? OtaReason.AttemptsExhausted
            : _record.Transitions >= MaxTransitions ? OtaReason.TooManyTransitions : OtaReason.None;
    }

    private bool TryConfirmed()
    {
        int confirmed = _record.Confirmed;
        if (confirmed == OtaStateRecord.NoBank)
        {
            return false;
        }

        // [OTA-064] Without a write.
        if (Prepare(confirmed) == OtaReason.None)
        {
            return true;
        }

        _bootFault = OtaReason.ConfirmedCorrupt;
        int other = 1 - confirmed;
        if (other == _record.Trial || Prepare(other) != OtaReason.None)
        {
            return false;
        }

        // [OTA-084] Recorded, so that the choice stays even where the bad bank reads well now and then.
        _record.Confirmed = other;
        _record.BankStatus[confirmed] = OtaStateRecord.Empty;
        SetReason(OtaReason.ConfirmedCorrupt, 0);
        Commit();
        Note(confirmed, _manifest.Sequence);
        return true;
    }

    /// <summary>Looks at a bank, and where it does not verify once more; leaves manifest and set digest in place for whoever asked.</summary>
    private OtaReason Examine(int bank)
    {
        // [OTA-087] A read that failed once says nothing about what is on flash. The set digest stays where either look could read the manifest.
        Array.Clear(_setDigest, 0, _setDigest.Length);
        OtaReason fault = Look(bank);
        return fault == OtaReason.None ? fault : Look(bank);
    }

    /// <summary>Reads a bank's manifest and holds the bank against it.</summary>
    private OtaReason Look(int bank)
    {
        bool isFactory = bank == OtaLayout.FactoryBank;
        OtaReason corrupt = bank == _record.Trial ? OtaReason.TrialCorrupt : OtaReason.ConfirmedCorrupt;
        if ((!isFactory && (_record.BankStatus[bank] != OtaStateRecord.Valid || _swap.IsUnderWay(_record))) || !ReadManifest(bank))
        {
            return corrupt;
        }

        _manifest.ComputeDigest(_trust, _digest, 0);
        if (!isFactory && !OtaBytes.Equal(_digest, 0, _record.Digests, bank * OtaTrust.DigestLength, OtaTrust.DigestLength))
        {
            return corrupt;
        }

        _manifest.ComputeSetDigest(_trust, _setDigest, 0);

        // [OTA-083] The floor holds on every path. No record vouches for the factory's manifest, so its signature has to.
        if (_manifest.SecurityVersion < _record.Floor)
        {
            return OtaReason.BelowFloor;
        }

        // [OTA-085] Where only a signature speaks for the bank, it has to be one for this device.
        if ((isFactory || _options.VerifySignatureAtBoot)
            && (!_manifest.VerifySignature(_trust, _digest) || CheckDevice(_manifest, _options) != OtaStatus.Ok))
        {
            return OtaReason.SignatureInvalid;
        }

        return _store.VerifyBank(Bank(bank), _manifest) ? OtaReason.None : corrupt;
    }

    /// <summary>Ends a move of images that lost its power.</summary>
    private bool Settle()
    {
        if (!_swap.IsUnderWay(_record))
        {
            return true;
        }

        if (_boot.RunningBank >= 0)
        {
            return false;
        }

        _swap.Absorb(_record);
        return MoveImages();
    }

    /// <summary>Examines a bank, brings its images to where they run where they are not there, and then examines it there.</summary>
    private OtaReason Prepare(int bank)
    {
        OtaReason fault = Examine(bank);
        if (fault != OtaReason.None || !_layout.HasSwap || _record.Placed == bank)
        {
            return fault;
        }

        // [OTA-096] Nobody moves the ground that he stands on.
        if (_boot.RunningBank >= 0)
        {
            return OtaReason.None;
        }

        // [OTA-094] Verified before it moves, and again where it runs; what does not verify there is not moved a second time.
        _record.Placed = bank;
        if (!MoveImages() || _record.Placed != bank)
        {
            return OtaReason.FlashWorn;
        }

        fault = Examine(bank);
        if (fault != OtaReason.None && bank != _record.Trial)
        {
            _record.BankStatus[bank] = OtaStateRecord.Empty;
            Commit();
        }

        return fault;
    }

    /// <returns>Whether images stand where they run, not always those that were wanted.</returns>
    private bool MoveImages()
    {
        int bank = _record.Placed;
        bool isTrial = bank == _record.Trial;
        if (_swap.Run(_record, _log, !isTrial) || !isTrial)
        {
            return !_swap.IsUnderWay(_record);
        }

        // [OTA-095] What runs now is worth more than what was to be tried: back, and past what the flash does not take.
        Array.Clear(_setDigest, 0, _setDigest.Length);
        uint sequence = 0;
        if (ReadManifest(bank))
        {
            _manifest.ComputeSetDigest(_trust, _setDigest, 0);
            sequence = _manifest.Sequence;
        }

        _record.Placed = 1 - bank;
        RecordRejection(bank, OtaReason.FlashWorn, 0, _setDigest);
        Note(bank, sequence);
        return _swap.Run(_record, _log, true);
    }

    // [OTA-086] A boot loader that was asked once, and still runs another bank, refuses: then what it runs is what there is.
    private void AskOnce()
    {
        bool isFirst = !_record.IsAsked;
        _record.IsAsked = true;
        if (isFirst && _log.Commit(_record))
        {
            return;
        }

        int actual = _boot.RunningBank;
        Boot.MustReset = false;
        if (!_layout.HasSwap && actual == 1 - _record.Confirmed && Examine(actual) == OtaReason.None)
        {
            _record.Confirmed = actual;
            SetReason(OtaReason.LoaderRefused, 0);
            Commit();
            Chosen(OtaBootSource.Confirmed, actual);
            return;
        }

        _bootFault = OtaReason.LoaderRefused;
        Recover();
    }

    private void Recover()
    {
        Boot.Source = OtaBootSource.Recovery;
        Boot.Bank = -1;
        Boot.Sequence = 0;
        _running = -1;
    }

    private bool IsElsewhere()
    {
        int actual = _boot.RunningBank;
        if (actual < 0 || Boot.Bank < 0)
        {
            return false;
        }

        if (!_layout.HasSwap || actual == OtaLayout.FactoryBank || Boot.Bank == OtaLayout.FactoryBank)
        {
            return actual != Boot.Bank;
        }

        return Boot.Bank != _record.Placed;
    }

    // Whether this program runs from the one place from which images run, so that it cannot be the boot stage.
    private bool IsInRunningPlace()
    {
        return _layout.HasSwap && (_boot.RunningBank == 0 || _boot.RunningBank == 1);
    }

    private bool ReadManifest(int bank)
    {
        int length = _store.ReadManifest(Bank(bank), _manifestBuffer);
        return _manifest.TryRead(_manifestBuffer, OtaBankStore.ManifestHeaderLength, length) == OtaStatus.Ok;
    }

    private void Chosen(OtaBootSource source, int bank)
    {
        Boot.Source = source;
        Boot.Bank = bank;
        Boot.Sequence = _manifest.Sequence;
        _running = bank;
        _runningSequence = _manifest.Sequence;
        _runningVersion = _manifest.SecurityVersion;
        Array.Copy(_setDigest, 0, _runningSet, 0, _runningSet.Length);
        for (int i = 0; i < _manifest.ComponentCount; i++)
        {
            _runningSizes[i] = _manifest.Component(i).Size;
        }
    }

    private void Enter()
    {
        // At each start, so that a journal that is begun later does not stay below one that stands on flash.
        bool hasJournal = _journal.Load();
        Boot.MustReset = IsElsewhere();
        if (Boot.MustReset && Boot.Source == OtaBootSource.Confirmed)
        {
            AskOnce();
        }

        if (Boot.Bank >= 0)
        {
            _boot.SetNext(Boot.Bank);
        }

        if (Boot.MustReset)
        {
            Move(Boot.Source == OtaBootSource.Trial ? OtaInput.Armed : OtaInput.Rejected);
        }
        else if (Boot.Source == OtaBootSource.Trial)
        {
            Move(OtaInput.StartedTrial);
        }
        else if (TryResume(hasJournal))
        {
            Move(OtaInput.StartedResuming);
            if (_download.IsComplete)
            {
                Move(OtaInput.DownloadComplete);
            }
        }
        else
        {
            Move(OtaInput.Started);
        }
    }

    /// <summary>Goes on with the download that the journal holds, where record, journal and the bank's manifest agree.</summary>
    private bool TryResume(bool hasJournal)
    {
        // [OTA-033] A journal counts only for the manifest that the record has the bank being written with.
        _target = Target();
        int recorded = _target * OtaTrust.DigestLength;
        if (!hasJournal
            || _record.BankStatus[_target] != OtaStateRecord.Writing
            || _journal.Bank != _target
            || _journal.Session != _record.Session
            || !OtaBytes.Equal(_journal.Digest, 0, _record.Digests, recorded, OtaTrust.DigestLength)
            || (!ReadManifest(_target) && !ReadManifest(_target)))
        {
            return false;
        }

        _manifest.ComputeDigest(_trust, _digest, 0);
        return OtaBytes.Equal(_digest, 0, _record.Digests, recorded, OtaTrust.DigestLength)
            && _manifest.VerifySignature(_trust, _setDigest)
            && CheckFit(_manifest) == OtaStatus.Ok
            && _download.Begin(_manifest, Bank(_target), _target, _digest, _journal.Done, _journal.Keepable);
    }

    // [OTA-042] Never the bank that runs, verified or not, nor the confirmed one where neither runs.
    private int Target()
    {
        int actual = _running >= 0 ? _running : IsInRunningPlace() ? _record.Placed : _boot.RunningBank;
        int keep = actual == 0 || actual == 1 ? actual : _record.Confirmed;
        return keep == 0 ? 1 : 0;
    }
}
