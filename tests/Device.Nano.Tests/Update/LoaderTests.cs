extern alias ota;

using System.Text;
using Flint.Device.Nano.Tests.Support;
using Flint.Ota;
using OtaImage = ota::Flint.Ota.OtaImage;
using OtaManifestBuilder = ota::Flint.Ota.OtaManifestBuilder;
using OtaSigner = ota::Flint.Ota.OtaSigner;

namespace Flint.Device.Nano.Tests.Update;

/// <summary>The loader's bundle, what it refuses, and what becomes of an image on trial that cannot be loaded; the banks of files.</summary>
public sealed class LoaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flint-nano-").FullName + Path.DirectorySeparatorChar;

    [Fact]
    public void Bundle_WellFormed_GivesItsAssembliesInOrder()
    {
        DeviceBundle bundle = Open(Bundle("Blinky.Application", [1, 2, 3], [4]))!;

        Assert.Equal(("Blinky.Application", 2), (bundle.EntryType, bundle.Count));
        Assert.Equal([1, 2, 3], bundle.Next()!);
        Assert.Equal([4], bundle.Next()!);
        Assert.Null(bundle.Next());
    }

    [Fact]
    public void Bundle_CutLongerOrChanged_IsNone()
    {
        byte[] good = Bundle("A", [1, 2, 3], [4]);
        for (int length = 0; length < good.Length; length++)
        {
            Assert.Null(Open(good[..length]));
        }

        Assert.Null(Open([.. good, 0]));
        foreach (int at in new[] { 0, 3, 4, 6, 7, 10, 17 })
        {
            byte[] changed = (byte[])good.Clone();
            changed[at] ^= 0x41;
            Assert.Null(Open(changed));
        }

        Assert.Null(Open(Bundle("", [1])));
        Assert.Null(Open(Bundle("A")));
        Assert.Null(Open(Bundle("A", [], [1])));
        Assert.NotNull(Open(Bundle(new string('n', 255), [1])));
        Assert.Null(Open(good, fails: true));
    }

    [Fact]
    public void BundleWriter_NamesAndAssemblies_AreTheBytesOfTheFormat()
    {
        byte[][] assemblies = [[1, 2, 3], [4]];
        string longest = new('n', 253);

        Assert.Equal(Bundle("Blinky.Application", assemblies), DeviceBundleWriter.Write("Blinky.Application", assemblies));
        Assert.Equal(longest + "é", Open(DeviceBundleWriter.Write(longest + "é", [1]))!.EntryType);
        Assert.Equal(255, Open(DeviceBundleWriter.Write("A", [.. Enumerable.Repeat<byte[]>([1], 255)]))!.Count);
    }

    [Fact]
    public void BundleWriter_WhatTheFormatDoesNotHold_IsRefused()
    {
        foreach (string? name in new[] { null, "", "\ud800", new string('n', 254) + "é" })
        {
            Assert.Throws<ArgumentException>("entryType", () => DeviceBundleWriter.Write(name!, [1]));
        }

        foreach (byte[][]? assemblies in new byte[][]?[] { null, [], [[]], [[1], null!], [.. Enumerable.Repeat<byte[]>([1], 256)] })
        {
            Assert.Throws<ArgumentException>("assemblies", () => DeviceBundleWriter.Write("A", assemblies!));
        }
    }

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(false, true, false)]
    [InlineData(true, false, false)]
    public void Loader_ImageOnTrial_RunsOrIsRejected(bool loads, bool setsUp, bool runs)
    {
        Boot boot = NewTrial(Bundle("Application", [1, 2], [3]), out OtaEngine engine);
        var host = new Host { Loads = loads, SetsUp = setsUp };

        Assert.Equal(runs, DeviceLoader.Run(engine, boot, host, NewAgent()));
        Assert.Equal(runs ? OtaState.Trial : OtaState.Rejected, engine.State);
        Assert.Equal(!runs, boot.WasReset);
        Assert.Equal(loads ? 2 : 1, host.Loaded.Count);
        Assert.Equal(loads ? "Application" : "", host.Entry);
    }

    [Fact]
    public void Loader_ImageThatIsNoBundle_IsRejectedAndTheDetailSaysSo()
    {
        Boot boot = NewTrial([.. new byte[500]], out OtaEngine engine);

        Assert.False(DeviceLoader.Run(engine, boot, new Host(), NewAgent()));
        Assert.Equal((OtaState.Rejected, OtaReason.SelfTestFailed, DeviceLoader.DetailNotLoadable), (engine.State, engine.LastReason, engine.LastDetail));
        Assert.True(boot.WasReset);
    }

    [Fact]
    public void Loader_NothingToBoot_LeavesTheAgentAlone()
    {
        var boot = new Boot();
        OtaEngine engine = NewEngine(boot);
        engine.Start();

        Assert.False(DeviceLoader.Run(engine, boot, new Host(), NewAgent()));
        Assert.False(boot.WasReset);
    }

    [Fact]
    public void FileFlash_ReadsErasedWhereNothingWasProgrammed()
    {
        DeviceFileFlash flash = NewFlash();
        byte[] data = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        byte[] read = new byte[96];

        // Across the border of two blocks, with a gap in front.
        Assert.True(flash.Program(4096 - 16, data, 0, 32));
        Assert.True(flash.Read(4096 - 48, read, 0, 96));
        Assert.Equal([.. Enumerable.Repeat((byte)0xFF, 32), .. data, .. Enumerable.Repeat((byte)0xFF, 32)], read);

        Assert.True(flash.EraseBlock(0));
        Assert.True(flash.EraseBlock(0));
        Assert.True(flash.Read(4096 - 16, read, 0, 32));
        Assert.Equal([.. Enumerable.Repeat((byte)0xFF, 16), .. data[16..]], read[..32]);

        // Behind what was programmed, in the same file.
        Assert.True(flash.Program(4096 + 64, data, 0, 16));
        Assert.True(flash.Read(4096, read, 0, 80));
        Assert.Equal([.. data[16..], .. Enumerable.Repeat((byte)0xFF, 48), .. data[..16]], read[..80]);
    }

    [Theory]
    [InlineData(-16, 16)]
    [InlineData(8, 16)]
    [InlineData(0, 8)]
    [InlineData((64 * 4096) - 16, 32)]
    [InlineData(int.MaxValue - 15, 16)]
    [InlineData(0, 4096)]
    public void FileFlash_RangesThatAreNone_AreRefused(int address, int count) => Assert.False(NewFlash().Program(address, new byte[64], 0, count));

    [Fact]
    public void FileFlash_FileSystemThatFails_IsAResult()
    {
        var flash = new DeviceFileFlash(Path.Combine(_folder, "none") + Path.DirectorySeparatorChar, 4096, 4);
        File.WriteAllText(Path.Combine(_folder, "none"), "a file where a folder should be");

        Assert.False(flash.Program(0, new byte[16], 0, 16));
        Assert.True(flash.Read(0, new byte[16], 0, 16));
        Assert.False(flash.EraseBlock(4));
        Assert.Throws<ArgumentException>(() => new DeviceFileFlash(_folder, 4096, 0));
    }

    [Fact]
    public void Trust_OnlyKnownKeysForSignatures_AreTrusted()
    {
        byte[] digest = new byte[32];
        using var key = TunnelFixture.Key("signing");
        var trust = new DeviceTrust([DeviceKeys.Read(key, RsaPublicKey.UsageSignature)]);
        byte[] signature = key.SignHash(digest, System.Security.Cryptography.HashAlgorithmName.SHA256, System.Security.Cryptography.RSASignaturePadding.Pss);
        byte[] buffer = [.. OtaSigner.KeyId(key), .. signature];

        Assert.True(trust.VerifySignature(-37, digest, buffer, 0, 8, 8, 256));
        Assert.False(trust.VerifySignature(-7, digest, buffer, 0, 8, 8, 256));
        Assert.False(trust.VerifySignature(-37, digest, buffer, 0, 7, 8, 256));
        Assert.False(trust.VerifySignature(-37, digest, buffer, 1, 8, 8, 256));
        Assert.Throws<ArgumentException>(() => new DeviceTrust([]));
        Assert.Throws<ArgumentException>(() => new DeviceTrust([DeviceKeys.Read(key, RsaPublicKey.UsageEncryption)]));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static byte[] Bundle(string entry, params byte[][] assemblies) =>
    [
        .. "FNB1"u8, (byte)entry.Length, .. Encoding.UTF8.GetBytes(entry), (byte)assemblies.Length,
        .. assemblies.SelectMany(assembly => (byte[])[0, 0, 0, (byte)assembly.Length, .. assembly]),
    ];

    private static DeviceAgent NewAgent() => EndToEnd.AgentTests.NewAgent(new TestPlatform(0), new DeviceAgentSettings());

    private DeviceFileFlash NewFlash() => new(_folder, 4096, 64);

    internal OtaEngine NewEngine(OtaBoot boot)
    {
        DeviceFileFlash flash = NewFlash();
        var trust = new DeviceTrust([DeviceKeys.Read(TunnelFixture.Key("signing"), RsaPublicKey.UsageSignature)]);
        return new OtaEngine(flash, OtaLayout.Divide(flash, factory: false), trust, boot, new OtaOptions("nano"u8.ToArray()));
    }

    /// <summary>Downloads the image, arms it and starts again: it runs on trial.</summary>
    internal Boot NewTrial(byte[] content, out OtaEngine engine)
    {
        OtaImage image = OtaImage.Create(content);
        byte[] manifest = new OtaManifestBuilder { Product = "nano"u8.ToArray(), Sequence = 1 }.Add(0, "1.0", image).Build();
        byte[] envelope = OtaSigner.Sign(manifest, TunnelFixture.Key("signing"));
        var release = new ota::Flint.Ota.OtaRelease(envelope, image);
        var boot = new Boot();
        engine = NewEngine(boot);
        engine.Start();
        Assert.Equal(OtaStatus.Ok, engine.Offer(envelope, 0, envelope.Length));
        var request = new OtaRequest();
        while (engine.TryGetRequest(request))
        {
            byte[] frame = new byte[request.Length + 10];
            Assert.True(ota::Flint.Ota.OtaChunk.TryWrite(release, request.Artifact, request.Offset, request.Length, frame, out int written));
            Assert.Equal(OtaStatus.Ok, engine.OnChunk(frame, 0, written));
        }

        Assert.Equal(OtaStatus.Ok, engine.Arm());
        engine = NewEngine(boot);
        Assert.Equal(OtaBootSource.Trial, engine.Start().Source);
        return boot;
    }

    internal sealed class Boot : OtaBoot
    {
        public override int RunningBank => -1;

        public bool WasReset { get; private set; }

        public override void SetNext(int bank)
        {
        }

        public override void Reset() => WasReset = true;
    }

    private sealed class Host : IAssemblyHost
    {
        public bool Loads { get; init; } = true;

        public bool SetsUp { get; init; } = true;

        public List<byte[]> Loaded { get; } = [];

        public string Entry { get; private set; } = "";

        public bool Load(byte[] assembly)
        {
            Loaded.Add(assembly);
            return Loads;
        }

        public bool Setup(string entryType, DeviceAgent agent)
        {
            Entry = entryType;
            return SetsUp;
        }
    }

    private static Image? Open(byte[] content, bool fails = false)
    {
        var image = new Image(content) { Fails = fails };
        return image.Walk() ? image : null;
    }

    private sealed class Image(byte[] content) : DeviceBundle(null!)
    {
        public bool Fails { get; init; }

        internal override int ImageLength => content.Length;

        internal override bool TryRead(int position, byte[] buffer, int offset, int count)
        {
            if (Fails || position < 0 || count > content.Length - position)
            {
                return false;
            }

            Array.Copy(content, position, buffer, offset, count);
            return true;
        }
    }
}
