extern alias nano;
extern alias ota;

using System.Security.Cryptography;

namespace Flint.Testing;

/// <summary>The device's flash as the server package's type, for a provisioner: the same source, compiled twice.</summary>
internal sealed class FactoryFlash(nano::Flint.Ota.OtaFlash flash) : ota::Flint.Ota.OtaFlash
{
    /// <summary>The factory: a device's first image, by the server package's provisioner, into the device's files.</summary>
    public static void InstallFirst(nano::Flint.Ota.OtaFlash files, ota::Flint.Ota.OtaRelease release, RSA releaseKey)
    {
        var flash = new FactoryFlash(files);
        using var trust = new ota::Flint.Ota.OtaTrustStore();
        trust.Add(releaseKey);
        var provisioner = new ota::Flint.Ota.OtaProvisioner(flash, ota::Flint.Ota.OtaLayout.Divide(flash, factory: false), trust);
        Assert.Equal(ota::Flint.Ota.OtaStatus.Ok, provisioner.InstallFirst(release.Envelope.Span, release));
    }

    public override int Size => flash.Size;

    public override int WriteUnit => flash.WriteUnit;

    public override byte ErasedValue => flash.ErasedValue;

    public override int BlockCount => flash.BlockCount;

    public override int BlockStart(int block) => flash.BlockStart(block);

    public override int BlockLength(int block) => flash.BlockLength(block);

    public override bool Read(int address, byte[] buffer, int offset, int count) => flash.Read(address, buffer, offset, count);

    public override bool Program(int address, byte[] buffer, int offset, int count) => flash.Program(address, buffer, offset, count);

    public override bool EraseBlock(int block) => flash.EraseBlock(block);
}
