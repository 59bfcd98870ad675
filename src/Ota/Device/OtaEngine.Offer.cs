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

        if (!_offered.VerifySignature(_trust, _digest))
        {
            return OtaStatus.SignatureInvalid;
        }

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

        return Accept(envelope, offset, count);
    }

    private OtaStatus CheckFit(OtaManifest manifest)
    {
        if (!BytesAre(manifest.Buffer, manifest.ProductOffset, manifest.ProductCount, _options.Product))
        {
            return OtaStatus.WrongProduct;
        }

        if (_options.HardwareRevision < manifest.HardwareMin || _options.HardwareRevision > manifest.HardwareMax)
        {
            return OtaStatus.WrongHardware;
        }

        if (manifest.DeviceCount > 0 && !BytesAre(manifest.Buffer, manifest.DeviceOffset, manifest.DeviceCount, _options.Device))
        {
            return OtaStatus.WrongDevice;
        }

        OtaBankLayout bank = _layout.Bank(Target());
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

        if (_record.IsRejected(_setDigest) && !manifest.RetryRejected)
        {
            return OtaStatus.RejectedBefore;
        }

        return _running >= 0 && manifest.Sequence <= _runningSequence && !manifest.AllowDowngrade ? OtaStatus.Downgrade : OtaStatus.Ok;
    }

    private OtaStatus Accept(byte[] envelope, int offset, int count)
    {
        bool isSameSubject = OtaBytes.Equal(_record.Subject, 0, _digest, 0, OtaStateRecord.NameLength);
        if (isSameSubject && _record.Transitions >= MaxTransitions)
        {
            return OtaStatus.TooManyTransitions;
        }

        if (State != OtaState.Idle)
        {
            SetReason(OtaReason.Replaced, 0);
            Note(_target, _manifest.Sequence);
        }

        _target = Target();
        int keepableImages = KeepableSegments(_offered.Component(0).BlockSize);
        _record.Transitions = isSameSubject ? _record.Transitions : 0;
        Array.Copy(_digest, 0, _record.Subject, 0, OtaStateRecord.NameLength);

        // [OTA-041] The bank is recorded as being written before its first block is erased; what runs is recorded with it.
        if (_running == 0 || _running == 1)
        {
            _record.Confirmed = _running;
        }

        _record.BankStatus[_target] = OtaStateRecord.Writing;
        Array.Copy(_digest, 0, _record.Digests, _target * OtaTrust.DigestLength, OtaTrust.DigestLength);
        if (!Commit())
        {
            return OtaStatus.FlashFailed;
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
        OtaBankLayout bank = _layout.Bank(_target);
        return (_store.WriteManifest(bank, _manifestBuffer, count) || _store.WriteManifest(bank, _manifestBuffer, count))
            && _manifest.TryRead(_manifestBuffer, OtaBankStore.ManifestHeaderLength, count) == OtaStatus.Ok;
    }

    private bool Begin(int keepableImages)
    {
        OtaBankLayout bank = _layout.Bank(_target);
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
            && _journal.BlockSize == blockSize
            && _layout.Bank(_target).ComponentCount == 1
            && OtaBytes.Equal(_journal.Digest, 0, _record.Digests, _target * OtaTrust.DigestLength, OtaTrust.DigestLength);
        return isBound ? OtaBytes.Max(0, _journal.Done - _journal.TableSegments) : 0;
    }

    private static bool BytesAre(byte[] buffer, int offset, int count, byte[] expected)
    {
        return count == expected.Length && OtaBytes.Equal(buffer, offset, expected, 0, count);
    }
}
