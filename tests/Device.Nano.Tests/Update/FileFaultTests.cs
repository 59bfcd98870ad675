extern alias ota;

using System.Reflection;
using System.Security.Cryptography;
using Flint.Device.Nano.Tests.Support;
using Flint.Ota;
using Flint.Ota.Tests.Faults;
using Flint.Testing;
using OtaImage = ota::Flint.Ota.OtaImage;
using OtaManifestBuilder = ota::Flint.Ota.OtaManifestBuilder;
using OtaRelease = ota::Flint.Ota.OtaRelease;
using OtaSigner = ota::Flint.Ota.OtaSigner;

namespace Flint.Device.Nano.Tests.Update;

/// <summary>File banks on a file system that fails: whatever a call of it answers, and whatever becomes of a file, the device starts a whole image and goes on.</summary>
public sealed class FileFaultTests : IDisposable
{
    private const int BlockLength = 2048;
    private const int BlockCount = 64;
    private static readonly RSA Key = TunnelFixture.Key("signing");
    private static readonly OtaRelease First = Release(1, 12_000);
    private static readonly OtaRelease Second = Release(2, 15_000);
    private static readonly OtaRelease Third = Release(3, 13_000);
    private readonly string _root = Directory.CreateTempSubdirectory("flint-nano-faults-").FullName;
    private int _folders;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>A call that fails once; every call from one on, as on a full file system, until the device is reset; a write of which half arrives before the power goes.</summary>
    [Theory]
    [InlineData(Fault.Once)]
    [InlineData(Fault.FromThenOn)]
    [InlineData(Fault.Torn)]
    public void Update_AnyCallFails_DeviceStartsAWholeImageAndUpdatesAfterwards(Fault fault)
    {
        string provisioned = Provisioned();
        int calls = 0;
        using (var counted = new Board(Copy(provisioned), int.MaxValue, fault))
        {
            Assert.True(Run(counted, Second));
            calls = counted.Calls;
        }

        Assert.InRange(calls, 100, 20_000);
        int step = Math.Max(1, calls / 60);
        for (int at = 0; at < calls; at += step)
        {
            string folder = Copy(provisioned);
            using (var failing = new Board(folder, at, fault))
            {
                Run(failing, Second);
            }

            using (var healthy = new Board(folder, int.MaxValue, fault))
            {
                AssertRunsAWholeImage(healthy, $"{fault} at call {at}");

                // Not the second again: a trial whose one read failed has rejected it for good.
                Assert.True(Run(healthy, Third), $"{fault} at call {at}: no further update");
                AssertRunsAWholeImage(healthy, $"{fault} at call {at}");
            }

            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("empty")]
    [InlineData("cut in half")]
    [InlineData("other bytes")]
    [InlineData("a folder in its place")]
    public void File_OfAnyBlock_DamagedBetweenTwoBoots_TheOtherBankRuns(string damage)
    {
        string updated = Provisioned();
        using (var board = new Board(updated, int.MaxValue, Fault.Once))
        {
            Assert.True(Run(board, Second));
        }

        foreach (string file in Directory.GetFiles(updated).Select(path => Path.GetFileName(path)!))
        {
            string folder = Copy(updated);
            Damage(Path.Combine(folder, file), damage);
            using var board = new Board(folder, int.MaxValue, Fault.Once);
            AssertRunsAWholeImage(board, $"{file}: {damage}");
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Folder_ThatIsGone_IsAFlashThatFailsAndThrowsNothing()
    {
        string folder = Copy(Provisioned());
        using var board = new Board(folder, int.MaxValue, Fault.Once);
        Directory.Delete(folder, recursive: true);

        Assert.NotEqual(OtaStatus.Ok, board.Engine.Offer(Second.Envelope.ToArray(), 0, Second.Envelope.Length));
        board.Reboot();
        Assert.Equal(OtaBootSource.Recovery, board.Engine.Boot.Source);
        Directory.CreateDirectory(folder);
    }

    /// <summary>Memory that runs out is not flash that fails: at a boot it must not pass for a bank that has rotted.</summary>
    [Fact]
    public void Memory_RunsOutAtAnyCallOfABoot_NothingIsDecided()
    {
        string folder = Provisioned();
        using (var board = new Board(folder, int.MaxValue, Fault.Once))
        {
            Assert.True(Run(board, Second));
        }

        int calls = 0;
        Start(folder, () => calls++);
        Assert.InRange(calls, 20, 5_000);
        for (int at = 1; at <= calls; at += Math.Max(1, calls / 60))
        {
            int left = at;
            Assert.ThrowsAny<OutOfMemoryException>(() => Start(folder, () =>
            {
                if (--left == 0)
                {
                    throw new InsufficientMemoryException();
                }
            }));
            OtaEngine engine = Start(folder, null);
            Assert.Equal((2u, OtaBootSource.Confirmed, OtaReason.Confirmed), (engine.Boot.Sequence, engine.Boot.Source, engine.LastReason));
        }
    }

    [Fact]
    public void Memory_RunsOutInAFile_IsThrownNotAnswered()
    {
        string folder = Provisioned();
        byte[] buffer = new byte[16];
        var flash = new DeviceFileFlash(folder, BlockLength, BlockCount) { Yield = () => throw new InsufficientMemoryException() };
        Assert.ThrowsAny<OutOfMemoryException>(() => flash.Read(0, buffer, 0, 16));
        Assert.ThrowsAny<OutOfMemoryException>(() => flash.EraseBlock(BlockCount - 1));
        Assert.ThrowsAny<OutOfMemoryException>(() => flash.Program((BlockCount - 1) * BlockLength, buffer, 0, 16));
        flash.Yield = () => throw new IOException();
        Assert.False(flash.Read(0, buffer, 0, 16));

        // The store's files cannot be made to throw it here: its handlers are looked at instead.
        foreach (Type type in new[] { typeof(DeviceFileFlash), typeof(DeviceStore) })
        {
            Assert.All(CatchAlls(type), clauses => Assert.Contains(typeof(OutOfMemoryException), clauses));
            Assert.Equal(2, CatchAlls(type).Count());
        }
    }

    /// <summary>For each block that answers every exception: what is caught there in all.</summary>
    private static IEnumerable<List<Type>> CatchAlls(Type type)
    {
        const BindingFlags all = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        return type.GetMethods(all)
            .SelectMany(method => method.GetMethodBody()?.ExceptionHandlingClauses ?? [])
            .Where(clause => clause.Flags == ExceptionHandlingClauseOptions.Clause)
            .GroupBy(clause => clause.TryOffset, (_, clauses) => clauses.Select(clause => clause.CatchType!).ToList());
    }

    private static OtaEngine Start(string folder, Action? yield)
    {
        var flash = new DeviceFileFlash(folder, BlockLength, BlockCount) { Yield = yield };
        var engine = new OtaEngine(
            flash, OtaLayout.Divide(flash, factory: false), new DeviceTrust([DeviceKeys.Read(Key, RsaPublicKey.UsageSignature)]), new NanoBoot(), new OtaOptions("nano"u8.ToArray()));
        engine.Start();
        return engine;
    }

    /// <summary>Offers a release and follows it through its trial.</summary>
    private static bool Run(Board board, OtaRelease release)
    {
        if (board.Engine.Boot.Bank < 0)
        {
            return false;
        }

        if (board.Engine.State == OtaState.Trial)
        {
            board.Engine.Confirm();
        }

        board.Engine.Offer(release.Envelope.ToArray(), 0, release.Envelope.Length);
        var request = new OtaRequest();
        byte[] frame = new byte[1024 + 10];
        for (int i = 0; i < 100 && board.Engine.State == OtaState.Downloading; i++)
        {
            if (!board.Engine.TryGetRequest(request))
            {
                board.Engine.ForgetRequests();
                continue;
            }

            ota::Flint.Ota.OtaChunk.TryWrite(release, request.Artifact, request.Offset, request.Length, frame, out int written);
            board.Engine.OnChunk(frame, 0, written);
        }

        board.Engine.Arm();
        board.Reboot();
        if (board.Engine.State == OtaState.Trial)
        {
            board.Engine.Confirm();
        }

        return board.Engine.State == OtaState.Idle && (board.Engine.Boot.Sequence == 3) == (release == Third);
    }

    private static void AssertRunsAWholeImage(Board board, string what)
    {
        OtaEngine engine = board.Engine;
        Assert.True(engine.Boot.Bank >= 0, $"{what}: nothing to run");
        byte[] image = new byte[engine.ImageLength(0)];
        Assert.True(engine.TryReadImage(0, 0, image, 0, image.Length), what);
        Assert.True(image.AsSpan().SequenceEqual(Firmware(engine.Boot.Sequence switch { 1 => 12_000, 2 => 15_000, _ => 13_000 })), $"{what}: not a whole image");
    }

    private static void Damage(string path, string damage)
    {
        byte[] bytes = File.ReadAllBytes(path);
        File.Delete(path);
        switch (damage)
        {
            case "gone":
                break;
            case "empty":
                File.WriteAllBytes(path, []);
                break;
            case "cut in half":
                File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
                break;
            case "other bytes":
                File.WriteAllBytes(path, [.. bytes.Select(b => unchecked((byte)(b ^ 0x5A)))]);
                break;
            default:
                Directory.CreateDirectory(path);
                break;
        }
    }

    private static byte[] Firmware(int length)
    {
        byte[] firmware = new byte[length];
        new Random(length).NextBytes(firmware);
        return firmware;
    }

    private static OtaRelease Release(uint sequence, int length)
    {
        OtaImage image = OtaImage.Create(Firmware(length), 1024);
        return new OtaRelease(OtaSigner.Sign(new OtaManifestBuilder { Product = "nano"u8.ToArray(), Sequence = sequence }.Add(0, "1", image).Build(), Key), image);
    }

    private string Provisioned()
    {
        string folder = NewFolder();
        FactoryFlash.InstallFirst(new DeviceFileFlash(folder, BlockLength, BlockCount), First, Key);
        return folder;
    }

    private string NewFolder() => Directory.CreateDirectory(Path.Combine(_root, $"{_folders++}")).FullName + Path.DirectorySeparatorChar;

    private string Copy(string from)
    {
        string folder = NewFolder();
        foreach (string file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        return folder;
    }

    /// <summary>What goes wrong in the file system.</summary>
    public enum Fault
    {
        Once,
        FromThenOn,
        Torn,
    }

    /// <summary>Boots of an engine over file banks of which one call fails.</summary>
    private sealed class Board : IDisposable
    {
        private readonly FaultyFlash _flash;

        public Board(string folder, int failingCall, Fault fault)
        {
            _flash = new FaultyFlash(new DeviceFileFlash(folder, BlockLength, BlockCount), failingCall, fault);
            Engine = Boot();
        }

        public OtaEngine Engine { get; private set; }

        public int Calls => _flash.Calls;

        /// <summary>A reset: what was broken for this boot works again.</summary>
        public void Reboot()
        {
            _flash.Mend();
            Engine = Boot();
        }

        public void Dispose() => _flash.Mend();

        private OtaEngine Boot()
        {
            var engine = new OtaEngine(
                _flash, OtaLayout.Divide(_flash, factory: false), new DeviceTrust([DeviceKeys.Read(Key, RsaPublicKey.UsageSignature)]), new NanoBoot(),
                new OtaOptions("nano"u8.ToArray()));
            engine.Start();
            return engine;
        }
    }

    private sealed class FaultyFlash(DeviceFileFlash inner, int failingCall, Fault fault) : ForwardingFlash(inner)
    {
        private bool _isDown;

        public int Calls { get; private set; }

        public void Mend() => _isDown = false;

        public override bool Read(int address, byte[] buffer, int offset, int count) => !Fails() && base.Read(address, buffer, offset, count);

        public override bool Program(int address, byte[] buffer, int offset, int count)
        {
            if (!Fails())
            {
                return base.Program(address, buffer, offset, count);
            }

            if (fault == Fault.Torn && Calls == failingCall + 1)
            {
                base.Program(address, buffer, offset, count / 2 / WriteUnit * WriteUnit);
            }

            return false;
        }

        public override bool EraseBlock(int block) => !Fails() && base.EraseBlock(block);

        private bool Fails()
        {
            bool fails = _isDown || Calls == failingCall;
            Calls++;
            _isDown = fails && fault != Fault.Once;
            return fails;
        }
    }
}
