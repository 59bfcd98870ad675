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
            _record.Clear();
        }

        Boot.IsBlank = !known && _log.IsBlank();
        Boot.AttemptsLeft = 0;

        if (TryTrial())
        {
            Boot.AttemptsLeft = _record.Attempts;
            Chosen(OtaBootSource.Trial, _record.Trial);
        }
        else if (TryConfirmed())
        {
            Chosen(OtaBootSource.Confirmed, _record.Confirmed);
        }
        else if (_layout.HasFactory && Examine(OtaLayout.FactoryBank) == OtaReason.None)
        {
            Chosen(OtaBootSource.Factory, OtaLayout.FactoryBank);
        }
        else
        {
            Boot.Source = OtaBootSource.Recovery;
            Boot.Bank = -1;
            Boot.Sequence = 0;
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
        OtaReason fault = Examine(bank);
        if (_record.Attempts == 0)
        {
            fault = OtaReason.AttemptsExhausted;
        }
        else if (_record.Transitions >= MaxTransitions)
        {
            fault = OtaReason.TooManyTransitions;
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

        uint sequence = _manifest.ComponentCount > 0 ? _manifest.Sequence : 0;
        RecordRejection(bank, fault, 0, _setDigest);
        Note(bank, sequence);
        return false;
    }

    private bool TryConfirmed()
    {
        int confirmed = _record.Confirmed;
        if (confirmed == OtaStateRecord.NoBank)
        {
            return false;
        }

        if (Examine(confirmed) == OtaReason.None)
        {
            return true;
        }

        _bootFault = OtaReason.ConfirmedCorrupt;
        int other = 1 - confirmed;
        if (other == _record.Trial || Examine(other) != OtaReason.None)
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

    /// <summary>Reads a bank's manifest and holds the bank against it; leaves manifest and set digest in place for whoever asked.</summary>
    private OtaReason Examine(int bank)
    {
        Array.Clear(_setDigest, 0, _setDigest.Length);
        bool isFactory = bank == OtaLayout.FactoryBank;
        OtaReason corrupt = bank == _record.Trial ? OtaReason.TrialCorrupt : OtaReason.ConfirmedCorrupt;
        if ((!isFactory && _record.BankStatus[bank] != OtaStateRecord.Valid) || !ReadManifest(bank))
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

        if ((isFactory || _options.VerifySignatureAtBoot) && !_manifest.VerifySignature(_trust, _digest))
        {
            return OtaReason.SignatureInvalid;
        }

        return _store.VerifyBank(_layout.Bank(bank), _manifest) ? OtaReason.None : corrupt;
    }

    private bool ReadManifest(int bank)
    {
        int length = _store.ReadManifest(_layout.Bank(bank), _manifestBuffer);
        return _manifest.TryRead(_manifestBuffer, OtaBankStore.ManifestHeaderLength, length) == OtaStatus.Ok;
    }

    private void Chosen(OtaBootSource source, int bank)
    {
        Boot.Source = source;
        Boot.Bank = bank;
        Boot.Sequence = _manifest.Sequence;
        _running = bank;
        _runningSequence = _manifest.Sequence;
        _runningSecurityVersion = _manifest.SecurityVersion;
        Array.Copy(_setDigest, 0, _runningSet, 0, _runningSet.Length);
        for (int i = 0; i < _manifest.ComponentCount; i++)
        {
            _runningSizes[i] = _manifest.Component(i).Size;
        }
    }

    private void Enter()
    {
        int actual = _boot.RunningBank;
        Boot.MustReset = actual >= 0 && Boot.Bank >= 0 && actual != Boot.Bank;
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
        else if (TryResume())
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
    private bool TryResume()
    {
        bool hasJournal = _journal.Load();
        _target = Target();
        int recorded = _target * OtaTrust.DigestLength;
        if (!hasJournal
            || _record.BankStatus[_target] != OtaStateRecord.Writing
            || _journal.Bank != _target
            || !OtaBytes.Equal(_journal.Digest, 0, _record.Digests, recorded, OtaTrust.DigestLength)
            || !ReadManifest(_target))
        {
            return false;
        }

        _manifest.ComputeDigest(_trust, _digest, 0);
        return OtaBytes.Equal(_digest, 0, _record.Digests, recorded, OtaTrust.DigestLength)
            && _manifest.VerifySignature(_trust, _setDigest)
            && CheckFit(_manifest) == OtaStatus.Ok
            && _download.Begin(_manifest, _layout.Bank(_target), _target, _digest, _journal.Done, _journal.Keepable);
    }

    // [OTA-042] Never the bank that runs, nor the confirmed one where neither runs.
    private int Target()
    {
        int keep = _running == 0 || _running == 1 ? _running : _record.Confirmed;
        return keep == 0 ? 1 : 0;
    }
}
