using System.Security.Cryptography;

namespace Flint.Ota.Tests.Spec;

/// <summary>
/// docs/spec/ota.md sections 5 to 8, [OTA-021], [OTA-042], [OTA-059], [OTA-061], [OTA-065], [OTA-085]: a board whose boot loader jumps by itself,
/// flash that somebody wrote to, manifests that somebody plays back.
/// </summary>
public sealed class Section8_HostileBootTests
{
    private static readonly OtaRelease V1 = Lab.Release(1, 20_000);
    private static readonly OtaRelease V2 = Lab.Release(2, 23_456);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Recovery_InARunningBank_NeverWritesThatBank(int running)
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        flash.EraseBlock(layout.State0.FirstBlock);
        flash.EraseBlock(layout.State1.FirstBlock);
        int first = flash.BlockStart(layout.Bank(running).Manifest.FirstBlock);
        OtaRegion image = layout.Bank(running).Image(0);
        byte[] before = flash.Bytes[first..(image.Start(flash) + image.Length(flash))].ToArray();

        OtaEngine engine = Start(flash, layout, running);
        Assert.Equal(OtaBootSource.Recovery, engine.Boot.Source);
        engine.Install(V2);
        Assert.True(flash.Bytes.Slice(first, before.Length).SequenceEqual(before));
    }

    [Fact]
    public void Arm_BootLoaderJumpsByItself_ForgedChecksumIsFound()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine engine = Start(flash, layout, running: 0);
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        Assert.Equal(OtaStatus.Ok, engine.Fetch(V2));

        // The polynomial itself, laid over the image, leaves every CRC as it was.
        OtaRegion image = layout.Bank(1).Image(0);
        Span<byte> bytes = flash.Bytes.Slice(image.Start(flash), 23_456);
        uint crc = OtaCrc32C.Append(0, bytes.ToArray(), 0, bytes.Length);
        foreach ((int at, byte mask) in new (int, byte)[] { (5000, 0xF1), (5001, 0x76), (5002, 0xEC), (5003, 0x05), (5004, 0x01) })
        {
            bytes[at] ^= mask;
        }

        Assert.Equal(crc, OtaCrc32C.Append(0, bytes.ToArray(), 0, bytes.Length));
        Assert.Equal(OtaStatus.BlockMismatch, engine.Arm());
        Assert.Equal(OtaStatus.Ok, engine.Fetch(V2));
        Assert.Equal(OtaStatus.Ok, engine.Arm());
    }

    [Fact]
    public void Arm_TableRotted_IsFetchedAgain()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        Assert.Equal(OtaStatus.Ok, engine.Fetch(V2));
        flash.Bytes[layout.Bank(1).Table(0).Start(flash) + 20] ^= 4;
        Assert.Equal(OtaStatus.BlockMismatch, engine.Arm());
        Assert.Equal(OtaStatus.Ok, engine.Fetch(V2));
        Assert.Equal(OtaStatus.Ok, engine.Arm());
        Assert.Equal(OtaBootSource.Trial, Lab.Boot(flash, layout).Boot.Source);
    }

    [Theory]
    [InlineData("product")]
    [InlineData("hardware")]
    [InlineData("device")]
    public void Boot_SignedForAnother_IsNotRunWhereSignaturesAreChecked(string what)
    {
        OtaRelease foreign = Lab.Release(1, 20_000, 1, _ => new()
        {
            Product = what == "product" ? "other"u8.ToArray() : Lab.Product,
            HardwareMin = what == "hardware" ? 7 : 0,
            Device = what == "device" ? "other"u8.ToArray() : default,
            Sequence = 1,
            SecurityVersion = 1,
        });
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(foreign);
        OtaEngine engine = Lab.Boot(flash, layout, new OtaOptions(Lab.Product) { VerifySignatureAtBoot = true });
        Assert.Equal(OtaBootSource.Recovery, engine.Boot.Source);
        (flash, layout) = Lab.Device(V1);
        Assert.Equal(OtaBootSource.Confirmed, Lab.Boot(flash, layout, new OtaOptions(Lab.Product) { VerifySignatureAtBoot = true }).Boot.Source);
    }

    [Fact]
    public void Offer_OlderWhileNewerIsUnderWay_IsDowngrade()
    {
        OtaRelease v3 = Lab.Release(3, 23_000);
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        Assert.Equal(OtaStatus.Ok, engine.Offer(v3));
        byte[] before = flash.Bytes.ToArray();
        Assert.Equal(OtaStatus.Downgrade, engine.Offer(V2));
        Assert.Equal(OtaStatus.Ok, engine.Offer(v3));
        Assert.True(flash.Bytes.SequenceEqual(before));
        Assert.Equal(OtaStatus.Ok, engine.Abort());
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
    }

    [Theory]
    [InlineData(2048, true)]
    [InlineData(3072, true)]
    [InlineData(2056, false)]
    [InlineData(4096, false)]
    public void Trust_KeyLength_IsOneOfTheSpecification(int bits, bool taken)
    {
        using var key = RSA.Create(bits);
        using var trust = new OtaTrustStore();
        if (taken)
        {
            trust.Add(key);
        }
        else
        {
            Assert.Throws<ArgumentException>(() => trust.Add(key));
        }
    }

    [Fact]
    public void Record_TransitionsBeyondTheirRange_IsNotOne()
    {
        using OtaTrustStore trust = Lab.Trust();
        var bytes = new byte[OtaStateRecord.Length];
        new OtaStateRecord { Transitions = 32 }.Write(bytes, 0, trust);
        Assert.True(new OtaStateRecord().TryRead(bytes, 0, trust));
        new OtaStateRecord { Transitions = 33 }.Write(bytes, 0, trust);
        Assert.False(new OtaStateRecord().TryRead(bytes, 0, trust));
    }

    private static OtaEngine Start(MemoryFlash flash, OtaLayout layout, int running) => Lab.BootFrom(new Loader(running), flash, layout);
}
