using System;

namespace Flint.Ota;

public sealed partial class OtaEngine
{
    /// <summary>
    /// Takes a signed manifest: verifies it, holds it against device and policy, and begins the download, or says why not. Nothing on flash
    /// changes before everything was checked. A manifest whose download is under way is accepted again and changes nothing.
    /// </summary>
    public OtaStatus Offer(byte[] envelope, int offset, int count)
    {
        OtaState next;
        if (!OtaTransitions.TryNext(State, OtaInput.ManifestAccepted, out next))
        {
            return OtaStatus.WrongState;
        }

        OtaStatus status = _offered.TryRead(envelope, offset, count);
        if (status != OtaStatus.Ok)
        {
            return status;
        }

        // [OTA-057] Before anything of the payload is acted on, and without saying why.
        if (!_offered.VerifySignature(_trust, _digest))
        {
            return OtaStatus.SignatureInvalid;
        }

        // [OTA-058] Everything is checked before flash changes.
        status = CheckFit(_offered);
        if (status == OtaStatus.Ok)
        {
            status = CheckPolicy(_offered);
        }

        if (status != OtaStatus.Ok)
        {
            return status;
        }

        _offered.ComputeDigest(_trust, _digest, 0);
        bool isUnderWay = State != OtaState.Idle && OtaBytes.Equal(_digest, 0, _journal.Digest, 0, _digest.Length);
        if (isUnderWay)
        {
            _download.ForgetRequests();
            return State == OtaState.Paused ? Resume() : OtaStatus.Ok;
        }

        // [OTA-059] Two manifests that replace each other in turn, played back by anybody, would wear the flash out.
        return State != OtaState.Idle && _offered.Sequence <= _manifest.Sequence ? OtaStatus.Downgrade : Accept(envelope, offset, count);
    }

    /// <summary>Whether a manifest is for this product, hardware revision and device.</summary>
    internal static OtaStatus CheckDevice(OtaManifest manifest, OtaOptions options)
    {
        if (!BytesAre(manifest.Buffer, manifest.ProductOffset, manifest.ProductCount, options.Product))
        {
            return OtaStatus.WrongProduct;
        }

        if (options.HardwareRevision < manifest.HardwareMin || options.HardwareRevision > manifest.HardwareMax)
        {
            return OtaStatus.WrongHardware;
        }

        if (manifest.DeviceCount > 0 && !BytesAre(manifest.Buffer, manifest.DeviceOffset, manifest.DeviceCount, options.Device))
        {
            return OtaStatus.WrongDevice;
        }

        return OtaStatus.Ok;
    }

    private OtaStatus CheckFit(OtaManifest manifest)
    {
        OtaStatus status = CheckDevice(manifest, _options);
        if (status != OtaStatus.Ok)
        {
            return status;
        }

        OtaBankLayout bank = Bank(Target());
        if (manifest.ComponentCount != bank.ComponentCount)
        {
            return OtaStatus.WrongComponents;
        }

        for (int i = 0; i < manifest.ComponentCount; i++)
        {
            OtaManifestComponent component = manifest.Component(i);
            if (component.Size > bank.Image(i).Length(_flash) || component.TableLength > bank.Table(i).Length(_flash))
            {
                return OtaStatus.TooLarge;
            }
        }

        return OtaStatus.Ok;
    }

    private OtaStatus CheckPolicy(OtaManifest manifest)
    {
        manifest.ComputeSetDigest(_trust, _setDigest, 0);
        if (_running >= 0 && OtaBytes.Equal(_setDigest, 0, _runningSet, 0, _setDigest.Length))
        {
            return OtaStatus.AlreadyInstalled;
        }

        if (TrustedTime != 0 && manifest.Expires != 0 && TrustedTime > manifest.Expires)
        {
            return OtaStatus.Expired;
        }

        if (manifest.SecurityVersion < _record.Floor)
        {
            return OtaStatus.BelowFloor;
        }

        // [OTA-063]
        if (_record.IsRejected(_setDigest) && !manifest.RetryRejected)
        {
            return OtaStatus.RejectedBefore;
        }

        return _running >= 0 && manifest.Sequence <= _runningSequence && !manifest.AllowDowngrade ? OtaStatus.Downgrade : OtaStatus.Ok;
    }

    private OtaStatus Accept(byte[] envelope, int offset, int count)
    {
        // [OTA-066] What was signed after all that was accepted starts a new count; manifests that replace each other in turn share one.
        bool isNew = _offered.Sequence > _record.HighestSequence;
        if (!isNew && _record.Transitions >= MaxTransitions)
        {
            return OtaStatus.TooManyTransitions;
        }

        // Images that were left on their way to where they run would be written over.
        if (_swap.IsUnderWay(_record))
        {
            return OtaStatus.FlashFailed;
        }

        _record.Write(_before, 0, _trust);

        if (State != OtaState.Idle)
        {
            SetReason(OtaReason.Replaced, 0);
            Note(_target, _manifest.Sequence);
        }

        _target = Target();
        int keepableImages = KeepableSegments(_offered.Component(0).BlockSize);
        if (isNew)
        {
            _record.Transitions = 0;
            _record.HighestSequence = _offered.Sequence;
        }

        Array.Copy(_digest, 0, _record.Subject, 0, OtaStateRecord.NameLength);

        // [OTA-041] The bank is recorded as being written before its first block is erased; what runs is recorded with it.
        if (_running == 0 || _running == 1)
        {
            _record.Confirmed = _running;
        }

        // A trial whose attempt could not be counted ends where its bank is written over.
        if (_record.Trial == _target)
        {
            _record.Trial = OtaStateRecord.NoBank;
            _record.Attempts = 0;
        }

        // [OTA-034] The journal of an earlier download of the same manifest knows nothing of the manifest that is written next.
        _record.Session = (_record.Session + 1) & 0xFFFF;
        _record.BankStatus[_target] = OtaStateRecord.Writing;
        Array.Copy(_digest, 0, _record.Digests, _target * OtaTrust.DigestLength, OtaTrust.DigestLength);
        if (!Commit())
        {
            return TakeBack();
        }

        Array.Copy(envelope, offset, _manifestBuffer, OtaBankStore.ManifestHeaderLength, count);
        bool begun = WriteManifest(count) && Begin(keepableImages);
        Move(OtaInput.ManifestAccepted);
        if (!begun)
        {
            EndDownload(OtaReason.FlashWorn);
            return OtaStatus.FlashFailed;
        }

        return OtaStatus.Ok;
    }

    private bool WriteManifest(int count)
    {
        OtaBankLayout bank = Bank(_target);
        return (_store.WriteManifest(bank, _manifestBuffer, count) || _store.WriteManifest(bank, _manifestBuffer, count))
            && _manifest.TryRead(_manifestBuffer, OtaBankStore.ManifestHeaderLength, count) == OtaStatus.Ok;
    }

    private bool Begin(int keepableImages)
    {
        OtaBankLayout bank = Bank(_target);
        _journal.Session = _record.Session;
        int keepable = keepableImages == 0 ? 0 : keepableImages + _download.CountTableSegments(_manifest, bank);
        return _download.Begin(_manifest, bank, _target, _digest, 0, keepable);
    }

    // [OTA-043] Segments that an earlier manifest completed in this bank stay where they match the new table. Only for sets of one component:
    // with several, the place of the second image's segments depends on the first image's size.
    private int KeepableSegments(int blockSize)
    {
        bool isBound = _record.BankStatus[_target] == OtaStateRecord.Writing
            && _journal.IsKnown
            && _journal.Bank == _target
            && _journal.Session == _record.Session
            && _journal.BlockSize == blockSize
            && Bank(_target).ComponentCount == 1
            && OtaBytes.Equal(_journal.Digest, 0, _record.Digests, _target * OtaTrust.DigestLength, OtaTrust.DigestLength);
        return isBound ? OtaBytes.Max(0, _journal.Done - _journal.TableSegments) : 0;
    }

    private static bool BytesAre(byte[] buffer, int offset, int count, byte[] expected)
    {
        return count == expected.Length && OtaBytes.Equal(buffer, offset, expected, 0, count);
    }
}
