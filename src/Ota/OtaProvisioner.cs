using System;

namespace Flint.Ota;

/// <summary>
/// Puts the first image on a device, in the factory or on a bench: writes a bank, checks it, and records it as confirmed. For flash that is in
/// the program's hands; a device in the field is only ever updated.
/// </summary>
/// <remarks>docs/spec/ota.md section 10. Not safe against power cuts: repeat it, the device has nothing to lose yet.</remarks>
public sealed class OtaProvisioner
{
    private readonly OtaFlash _flash;
    private readonly OtaLayout _layout;
    private readonly OtaTrust _trust;
    private readonly OtaBankStore _store;
    private readonly OtaManifest _manifest = new();
    private readonly byte[] _buffer;
    private readonly OtaOptions? _options;

    /// <summary>A provisioner of one kind of device: what is signed for another product, hardware revision or device is refused.</summary>
    /// <exception cref="ArgumentException">The layout does not fit; the message says what to change.</exception>
    public OtaProvisioner(OtaFlash flash, OtaLayout layout, OtaTrust trust, OtaOptions options)
        : this(flash, layout, trust)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
    }

    /// <summary>A provisioner that takes what is signed for any product: for a bench that knows what lies on it.</summary>
    /// <exception cref="ArgumentException">The layout does not fit; the message says what to change.</exception>
    /// <remarks>A provisioner for flash that is laid out as <paramref name="layout"/> says.</remarks>
    public OtaProvisioner(OtaFlash flash, OtaLayout layout, OtaTrust trust)
    {
        ArgumentNullException.ThrowIfNull(flash);
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(trust);
        if (layout.Check(flash) is { Length: > 0 } fault)
        {
            throw new ArgumentException(fault);
        }

        _flash = flash;
        _layout = layout;
        _trust = trust;
        _store = new OtaBankStore(flash, trust, new byte[4096]);
        _buffer = new byte[OtaBankStore.ManifestRegionLength(flash)];
    }

    /// <summary>Installs the first image into bank 0 and forgets everything that the device knew, its floor included.</summary>
    public OtaStatus InstallFirst(ReadOnlySpan<byte> envelope, IOtaArtifactSource source)
    {
        OtaStatus status = WriteBank(0, envelope, source);
        if (status != OtaStatus.Ok)
        {
            return status;
        }

        var record = new OtaStateRecord
        {
            Confirmed = 0,
            Floor = _manifest.SecurityVersion,
            Reason = (int)OtaReason.Provisioned,
            HighestSequence = _manifest.Sequence,
        };
        record.BankStatus[0] = OtaStateRecord.Valid;
        _manifest.ComputeDigest(_trust, record.Digests, 0);
        Array.Copy(record.Digests, record.Subject, OtaStateRecord.NameLength);

        bool written = _flash.EraseBlock(_layout.State0.FirstBlock) && _flash.EraseBlock(_layout.State1.FirstBlock)
            && new OtaStateLog(_flash, _trust, _layout.State0, _layout.State1).Commit(record);
        return written ? OtaStatus.Ok : OtaStatus.FlashFailed;
    }

    /// <summary>Installs the factory image, that a device runs when both banks are bad. The state is left as it is.</summary>
    /// <exception cref="InvalidOperationException">The layout has no place for one.</exception>
    public OtaStatus InstallFactory(ReadOnlySpan<byte> envelope, IOtaArtifactSource source)
    {
        if (!_layout.HasFactory)
        {
            throw new InvalidOperationException("The layout has no factory bank.");
        }

        OtaStatus status = WriteBank(OtaLayout.FactoryBank, envelope, source);
        return status == OtaStatus.Ok && !_flash.Flush() ? OtaStatus.FlashFailed : status;
    }

    private OtaStatus WriteBank(int bankNumber, ReadOnlySpan<byte> envelope, IOtaArtifactSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (envelope.Length > OtaManifest.MaxEnvelopeLength)
        {
            return OtaStatus.ManifestTooLong;
        }

        envelope.CopyTo(_buffer.AsSpan(OtaBankStore.ManifestHeaderLength));
        OtaStatus status = _manifest.TryRead(_buffer, OtaBankStore.ManifestHeaderLength, envelope.Length);
        if (status != OtaStatus.Ok)
        {
            return status;
        }

        OtaBankLayout bank = _layout.Bank(bankNumber);
        if (!_manifest.VerifySignature(_trust, new byte[OtaTrust.DigestLength]))
        {
            return OtaStatus.SignatureInvalid;
        }

        // [OTA-101] Before anything is written.
        OtaStatus meant = _options is null ? OtaStatus.Ok : OtaEngine.CheckDevice(_manifest, _options);
        if (meant != OtaStatus.Ok)
        {
            return meant;
        }

        if (_manifest.ComponentCount != bank.ComponentCount)
        {
            return OtaStatus.WrongComponents;
        }

        bool written = true;
        Span<byte> name = stackalloc byte[OtaRequest.ArtifactLength];
        for (int i = 0; written && i < bank.ComponentCount; i++)
        {
            OtaManifestComponent component = _manifest.Component(i);
            if (component.Size > bank.Image(i).Length(_flash) || component.TableLength > bank.Table(i).Length(_flash))
            {
                return OtaStatus.TooLarge;
            }

            _buffer.AsSpan(component.DigestOffset, name.Length).CopyTo(name);
            written = Copy(bank.Table(i), component.TableLength, name, source);
            name[0] ^= 1;
            written = written && Copy(bank.Image(i), component.Size, name, source);
        }

        written = written && _store.WriteManifest(bank, _buffer, envelope.Length);
        return !written ? OtaStatus.FlashFailed : _store.VerifyBank(bank, _manifest) ? OtaStatus.Ok : OtaStatus.BlockMismatch;
    }

    private bool Copy(OtaRegion region, int length, ReadOnlySpan<byte> name, IOtaArtifactSource source)
    {
        if (!_store.EraseFor(region, length))
        {
            return false;
        }

        // 4096 is a multiple of every write unit.
        var chunk = new byte[4096];
        int address = region.Start(_flash);
        for (int offset = 0; offset < length; offset += chunk.Length)
        {
            int count = Math.Min(chunk.Length, length - offset);
            if (!source.TryRead(name, offset, chunk.AsSpan(0, count)) || !_store.Program(address + offset, chunk, 0, count))
            {
                return false;
            }
        }

        return true;
    }
}
