
using System.Reflection;
using Flint.Device.Nano.Tests.Support;
using Flint.Ota;
using Flint.Testing;

namespace Flint.Device.Nano.Tests.Update;

/// <summary>File banks on .NET's files: whatever becomes of one, the device starts a whole image; and memory that runs out is no file that fails.</summary>
public sealed class FileFaultTests : IDisposable
{
    private const int BlockLength = 2048;
    private const int BlockCount = 64;
    private static readonly FileRelease First = new(1, 12_000);
    private static readonly FileRelease Second = new(2, 15_000);
    private readonly string _root = Directory.CreateTempSubdirectory("flint-nano-faults-").FullName;
    private int _folders;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("gone")]
    [InlineData("empty")]
    [InlineData("cut in half")]
    [InlineData("other bytes")]
    [InlineData("a folder in its place")]
    public void File_OfAnyBlock_DamagedBetweenTwoBoots_TheOtherBankRuns(string damage)
    {
        string updated = Provisioned();
        Assert.True(Board(updated).Update(Second));

        foreach (string file in Directory.GetFiles(updated).Select(path => Path.GetFileName(path)!))
        {
            string folder = Copy(updated);
            Damage(Path.Combine(folder, file), damage);
            Board(folder).AssertRunsAWholeImage($"{file}: {damage}", First, Second);
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Folder_ThatIsGone_IsAFlashThatFailsAndThrowsNothing()
    {
        string folder = Copy(Provisioned());
        FileDevice board = Board(folder);
        Directory.Delete(folder, recursive: true);

        Assert.NotEqual(OtaStatus.Ok, board.Engine.Offer(Second.Source.Envelope.ToArray(), 0, Second.Source.Envelope.Length));
        board.Reboot();
        Assert.Equal(OtaBootSource.Recovery, board.Engine.Boot.Source);
        Directory.CreateDirectory(folder);
    }

    /// <summary>Memory that runs out is not flash that fails: at a boot it must not pass for a bank that has rotted.</summary>
    [Fact]
    public void Memory_RunsOutAtAnyCallOfABoot_NothingIsDecided()
    {
        string folder = Provisioned();
        Assert.True(Board(folder).Update(Second));

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

    private static FileDevice Board(string folder) => new(new DeviceFileFlash(folder, BlockLength, BlockCount));

    private static OtaEngine Start(string folder, Action? yield) => new FileDevice(new DeviceFileFlash(folder, BlockLength, BlockCount) { Yield = yield }).Engine;

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

    private string Provisioned()
    {
        string folder = NewFolder();
        FactoryFlash.InstallFirst(new DeviceFileFlash(folder, BlockLength, BlockCount), First.Source, FileDevice.Key);
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
}
