namespace Flint.Ota.Tests.Spec;

/// <summary>docs/spec/ota.md section 5.5: each reason to refuse a manifest, with nothing on flash changed.</summary>
public sealed class Section5_RefusalTests
{
    private static readonly OtaRelease V2 = Lab.Release(2, 20_000, securityVersion: 2);

    // [OTA-057]
    [Fact]
    public void Offer_SignedByStranger_IsRefused() => AssertRefused(OtaStatus.SignatureInvalid, Resign(Lab.OtherKey));

    // [OTA-058]
    [Fact]
    public void Offer_AnyBitTurned_IsRefused()
    {
        byte[] envelope = Lab.Release(3, 20_000, securityVersion: 2).Envelope.ToArray();
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V2);
        OtaEngine engine = Lab.Boot(flash, layout);
        byte[] before = flash.Bytes.ToArray();
        for (int bit = 0; bit < envelope.Length * 8; bit++)
        {
            envelope[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(OtaStatus.Ok, engine.Offer(envelope, 0, envelope.Length));
            envelope[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.True(flash.Bytes.SequenceEqual(before));
        Assert.Equal(OtaStatus.Ok, engine.Offer(envelope, 0, envelope.Length));
    }

    [Fact]
    public void Offer_LowerSequence_IsDowngrade() => AssertRefused(OtaStatus.Downgrade, Lab.Release(1, 20_000, securityVersion: 2));

    [Fact]
    public void Offer_SameSequenceOtherImage_IsDowngrade() =>
        AssertRefused(OtaStatus.Downgrade, Lab.Release(2, Lab.Bytes(20_000, 77), securityVersion: 2));

    [Fact]
    public void Offer_BelowFloor_IsRefusedEvenWhereDowngradeIsAllowed() =>
        AssertRefused(OtaStatus.BelowFloor, Make(b => new() { Product = Lab.Product, Sequence = 3, SecurityVersion = 1, AllowDowngrade = true }));

    [Fact]
    public void Offer_DowngradeAllowedAtFloor_IsAccepted() =>
        AssertOffer(OtaStatus.Ok, Make(b => new() { Product = Lab.Product, Sequence = 1, SecurityVersion = 2, AllowDowngrade = true }));

    [Fact]
    public void Offer_SameImagesHigherSequence_IsNothingToDo() =>
        AssertRefused(OtaStatus.AlreadyInstalled, Lab.Release(9, Lab.Bytes(20_000, 2), securityVersion: 2));

    [Fact]
    public void Offer_OtherProduct_IsRefused() =>
        AssertRefused(OtaStatus.WrongProduct, Make(b => new() { Product = "other"u8.ToArray(), Sequence = 3, SecurityVersion = 2 }));

    [Fact]
    public void Offer_OtherHardware_IsRefused() =>
        AssertRefused(OtaStatus.WrongHardware, Make(b => new() { Product = Lab.Product, Sequence = 3, SecurityVersion = 2, HardwareMin = 1 }));

    [Fact]
    public void Offer_OtherDevice_IsRefused() =>
        AssertRefused(OtaStatus.WrongDevice, Make(b => new() { Product = Lab.Product, Sequence = 3, SecurityVersion = 2, Device = "x"u8.ToArray() }));

    [Fact]
    public void Offer_LargerThanBank_IsRefusedBeforeErase() => AssertRefused(OtaStatus.TooLarge, Lab.Release(3, 100_000, securityVersion: 2));

    [Fact]
    public void Offer_OtherComponents_IsRefused()
    {
        OtaImage image = OtaImage.Create(Lab.Bytes(5000, 5));
        OtaManifestBuilder builder = new() { Product = Lab.Product, Sequence = 3, SecurityVersion = 2 };
        AssertRefused(OtaStatus.WrongComponents, Lab.Sign(builder.Add(0, "a", image).Add(1, "b", image), image));
    }

    [Fact]
    public void Offer_ExpiredAndTimeKnown_IsRefused()
    {
        OtaRelease release = Make(b => new()
        {
            Product = Lab.Product,
            Sequence = 3,
            SecurityVersion = 2,
            Expires = DateTimeOffset.FromUnixTimeSeconds(1_000_000),
        });
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V2);
        OtaEngine engine = Lab.Boot(flash, layout);
        engine.TrustedTime = 1_000_001;
        Assert.Equal(OtaStatus.Expired, engine.Offer(release));
        engine.TrustedTime = 1_000_000;
        Assert.Equal(OtaStatus.Ok, engine.Offer(release));
    }

    [Fact]
    public void Offer_ManifestBeyondLimit_IsRefused()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V2);
        Assert.Equal(OtaStatus.ManifestTooLong, Lab.Boot(flash, layout).Offer(new byte[1025], 0, 1025));
    }

    private static OtaRelease Make(Func<OtaManifestBuilder, OtaManifestBuilder> change) => Lab.Release(3, 20_000, 2, change);

    private static OtaRelease Resign(System.Security.Cryptography.RSA key)
    {
        OtaImage image = OtaImage.Create(Lab.Bytes(20_000, 3));
        byte[] payload = new OtaManifestBuilder { Product = Lab.Product, Sequence = 3, SecurityVersion = 2 }.Add(0, "3", image).Build();
        return new OtaRelease(OtaSigner.Sign(payload, key), image);
    }

    private static void AssertRefused(OtaStatus expected, OtaRelease release)
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V2);
        byte[] before = flash.Bytes.ToArray();
        Assert.Equal(expected, Lab.Boot(flash, layout).Offer(release));
        Assert.True(flash.Bytes.SequenceEqual(before));
    }

    private static void AssertOffer(OtaStatus expected, OtaRelease release)
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V2);
        Assert.Equal(expected, Lab.Boot(flash, layout).Offer(release));
    }
}
