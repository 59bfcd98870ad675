namespace Flint.Ota.Tests.Faults;

/// <summary>
/// Power is cut at every flash operation of one update, in every way that an operation can be left behind; the device then reboots, and must
/// always hold a whole bootable image and complete the update.
/// </summary>
public sealed class PowerCutTests
{
    private const int BlockLength = 1024;
    private const int Blocks = 40;

    private static readonly byte[] First = Lab.Bytes(3000, 1);
    private static readonly byte[] Second = Lab.Bytes(3900, 2);
    private static readonly OtaRelease V1 = Release(1, First);
    private static readonly OtaRelease V2 = Release(2, Second);

    public static TheoryData<int, bool, byte> Configurations()
    {
        var data = new TheoryData<int, bool, byte>();
        foreach (int unit in new[] { 1, 8, 32, 256 })
        {
            foreach (bool ecc in new[] { false, true })
            {
                data.Add(unit, ecc, 0xFF);
                data.Add(unit, ecc, 0x00);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Update_CutAtEveryOperation_AlwaysBootsAndCompletes(int writeUnit, bool ecc, byte erasedValue)
    {
        int operations = Run(writeUnit, ecc, erasedValue, 0, 0, confirms: true);
        Assert.InRange(operations, 20, 200);
        for (int cut = 1; cut <= operations; cut++)
        {
            for (int variant = 0; variant < FaultFlash.Variants; variant++)
            {
                Run(writeUnit, ecc, erasedValue, cut, variant, confirms: true);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void RolledBackUpdate_CutAtEveryOperation_EndsOnOldImageWithReason(int writeUnit, bool ecc, byte erasedValue)
    {
        int operations = Run(writeUnit, ecc, erasedValue, 0, 0, confirms: false);
        for (int cut = 1; cut <= operations; cut++)
        {
            for (int variant = 0; variant < FaultFlash.Variants; variant++)
            {
                Run(writeUnit, ecc, erasedValue, cut, variant, confirms: false);
            }
        }
    }

    /// <returns>The flash operations of the run.</returns>
    private static int Run(int writeUnit, bool ecc, byte erasedValue, int cut, int variant, bool confirms)
    {
        string at = $"unit {writeUnit}, ecc {ecc}, erased {erasedValue:X2}, cut {cut}, variant {variant}, confirms {confirms}";
        var flash = new FaultFlash(Blocks, BlockLength, writeUnit, erasedValue, ecc, (uint)(cut * 31) + (uint)variant);
        OtaLayout layout = OtaLayout.Divide(flash, factory: false, evidence: true);
        using OtaTrustStore trust = Lab.Trust();
        Assert.Equal(OtaStatus.Ok, new OtaProvisioner(flash, layout, trust).InstallFirst(V1.Envelope.Span, V1));
        int before = flash.Operations;
        if (cut > 0)
        {
            flash.Cuts[before + cut] = variant;
        }

        bool done = false;
        int progress = 0;
        int trials = 0;
        for (int boots = 0; boots < 20 && !done; boots++)
        {
            try
            {
                done = PowerOn(flash, layout, trust, confirms, ref progress, ref trials, at);
            }
            catch (PowerCutException)
            {
                // The loop is the reset.
            }
        }

        Assert.True(done, $"{at}: did not settle");
        Assert.True(flash.Violation.Length == 0, $"{at}: {flash.Violation}");
        int used = flash.Operations;

        // A second copy with a bit that does not settle may be noticed at a later boot, and is then committed again, once.
        int settled = used;
        for (int boot = 0; boot < 12; boot++)
        {
            settled = boot < 9 ? flash.Operations : settled;
            var engine = new OtaEngine(flash, layout, trust, new OtaBootStage(), Options());
            Assert.True(engine.Start().Sequence == (confirms ? 2u : 1u), $"{at}: a settled device changed its mind");
        }

        Assert.True(flash.Operations == settled, $"{at}: a confirmed boot wrote to flash");
        return used - before;
    }

    /// <returns>Whether the device is where the update should have brought it.</returns>
    private static bool PowerOn(
        FaultFlash flash, OtaLayout layout, OtaTrust trust, bool confirms, ref int progress, ref int trials, string at)
    {
        var engine = new OtaEngine(flash, layout, trust, new OtaBootStage(), Options());
        OtaBootDecision boot = engine.Start();
        Assert.True(boot.Source is OtaBootSource.Confirmed or OtaBootSource.Trial, $"{at}: {boot.Source}");
        byte[] image = boot.Sequence == 1 ? First : Second;
        int address = flash.BlockStart(layout.Bank(boot.Bank).Image(0).FirstBlock);
        Assert.True(flash.Truth(address, image.Length).SequenceEqual(image), $"{at}: runs bytes that nobody signed");
        Assert.True(engine.Progress.VerifiedBytes >= progress || engine.State != OtaState.Downloading, $"{at}: progress went back");

        if (boot.Source == OtaBootSource.Trial)
        {
            trials++;
            Assert.True(trials <= 3 + 1, $"{at}: too many trial boots");
            Assert.True(engine.Floor == 1, $"{at}: floor raised early");
            Assert.Equal(OtaStatus.Ok, confirms ? engine.Confirm() : engine.Reject(OtaReason.SelfTestFailed, 7));
            return confirms;
        }

        OtaStatus offer = engine.Offer(V2);
        if (offer is OtaStatus.AlreadyInstalled or OtaStatus.RejectedBefore)
        {
            Assert.True(offer == (confirms ? OtaStatus.AlreadyInstalled : OtaStatus.RejectedBefore), $"{at}: {offer}");
            Assert.True(confirms || engine.LastReason is OtaReason.SelfTestFailed or OtaReason.AttemptsExhausted, $"{at}: {engine.LastReason}");
            return true;
        }

        Assert.True(offer == OtaStatus.Ok, $"{at}: offer {offer}");
        while (engine.State == OtaState.Downloading)
        {
            OtaStatus status = engine.Fetch(V2, most: 1);
            Assert.True(status == OtaStatus.Ok, $"{at}: fetch {status}, {engine.LastReason}");
            progress = engine.Progress.VerifiedBytes;
        }

        OtaStatus armed = engine.Arm();
        Assert.True(armed == OtaStatus.Ok, $"{at}: arm {armed}");
        return false;
    }

    private static OtaOptions Options() => new(Lab.Product) { ChunkLength = 512, BufferLength = 512 };

    private static OtaRelease Release(uint sequence, byte[] data)
    {
        OtaImage image = OtaImage.Create(data, OtaManifest.MinBlockSize);
        return Lab.Sign(
            new OtaManifestBuilder { Product = Lab.Product, Sequence = sequence, SecurityVersion = sequence }.Add(0, "v", image), image);
    }
}
