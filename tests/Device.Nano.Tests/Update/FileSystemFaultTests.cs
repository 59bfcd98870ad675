extern alias files;
using System.Security.Cryptography;
using files::Flint.Device.Nano;
using Flint.Device.Nano.Tests.Support;
using Flint.Ota;
using Flint.Testing;
using PlayedFlash = files::Flint.Device.Nano.DeviceFileFlash;
using PlayedStore = files::Flint.Device.Nano.DeviceStore;

namespace Flint.Device.Nano.Tests.Update;

/// <summary>
/// File banks and stored values, the device's sources over a file system in memory. Each of its calls, in two boots and the update between them from the
/// offer to the confirmation, fails in each way, and each write is torn at each 16 bytes. The device starts a whole image, and takes updates: no one
/// fault has rejected the release that it met.
/// </summary>
public sealed class FileSystemFaultTests : IDisposable
{
    private const int BlockLength = 1024;
    private const int BlockCount = 24;
    private static readonly FileRelease First = new(1, 1500);
    private static readonly FileRelease Second = new(2, 2100);
    private static readonly FileRelease Third = new(3, 1800);
    private readonly FileSystem _provisioned = new();

    public FileSystemFaultTests() => FactoryFlash.InstallFirst(Flash(_provisioned), First.Source, FileDevice.Key);

    public void Dispose() => _provisioned.Dispose();

    [Theory]
    [InlineData(FileFault.Once)]
    [InlineData(FileFault.Late)]
    [InlineData(FileFault.Down)]
    [InlineData(FileFault.Uncommitted)]
    [InlineData(FileFault.Full)]
    public void Update_AnyCallFails_DeviceStartsAWholeImageAndUpdatesAfterwards(FileFault fault)
    {
        for (int call = 0; call < CallsOfAnUpdate().Count; call++)
        {
            Play(call, fault, 0);
        }
    }

    [Theory]
    [InlineData(FileFault.Torn)]
    [InlineData(FileFault.TornAfterLength)]
    public void Update_AnyWriteTornAtAnyUnit_DeviceStartsAWholeImageAndUpdatesAfterwards(FileFault fault)
    {
        IReadOnlyList<int> writes = CallsOfAnUpdate();
        Assert.Contains(BlockLength, writes);
        for (int call = 0; call < writes.Count; call++)
        {
            for (int part = 0; part < writes[call]; part += 16)
            {
                Play(call, fault, part);
            }
        }
    }

    /// <summary>The file system in memory is one: after the same update its files are those that .NET's are.</summary>
    [Fact]
    public void Update_WithoutAFault_LeavesTheFilesThatDotNetsFileSystemHas()
    {
        string folder = Directory.CreateTempSubdirectory("flint-nano-files-").FullName;
        try
        {
            var flash = new DeviceFileFlash(folder + Path.DirectorySeparatorChar, BlockLength, BlockCount);
            FactoryFlash.InstallFirst(flash, First.Source, FileDevice.Key);
            Assert.True(new FileDevice(flash, new PlatformTrust()).Update(Second));
            using FileSystem files = _provisioned.Copy();
            Assert.True(new FileDevice(Flash(files), new PlatformTrust()).Update(Second));

            Assert.InRange(files.Files.Count, 8, BlockCount);
            Assert.Equal(Directory.GetFiles(folder).ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes), files.Files);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>docs/spec/device-agent.md section 6: of each value one of its two files is whole, whatever becomes of the other.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Value_AnyCallOfItsSavingFailsOrIsTorn_IsTheNewOrTheOneBefore(int savedBefore)
    {
        using var before = new FileSystem();
        var store = new PlayedStore(before.Folder);
        Assert.All(Enumerable.Range(1, savedBefore), number => Assert.True(store.Save("name", Value(number))));
        using FileSystem counted = before.Copy();
        Assert.True(new PlayedStore(counted.Folder).Save("name", Value(9)));
        Assert.InRange(counted.Calls, 10, 30);
        foreach (FileFault fault in Enum.GetValues<FileFault>())
        {
            for (int call = 0; call < counted.Calls; call++)
            {
                bool tears = fault is FileFault.Torn or FileFault.TornAfterLength;
                for (int part = 0; part < (tears ? counted.Writes[call] : 1); part++)
                {
                    using FileSystem files = before.Copy();
                    files.FailAt(call, fault, part);
                    bool saved = new PlayedStore(files.Folder).Save("name", Value(9));
                    files.Mend();

                    byte[]? loaded = new PlayedStore(files.Folder).Load("name");
                    Assert.True(loaded is not null && (loaded.SequenceEqual(Value(9)) || (!saved && loaded.SequenceEqual(Value(savedBefore)))), $"{fault} at call {call}, {part} bytes");
                    files.MakeRoom();
                    Assert.True(new PlayedStore(files.Folder).Save("name", Value(10)));
                    Assert.Equal(Value(10), new PlayedStore(files.Folder).Load("name"));
                }
            }
        }
    }

    private static byte[] Value(int number) => [.. Enumerable.Repeat((byte)number, 20)];

    private IReadOnlyList<int> CallsOfAnUpdate()
    {
        using FileSystem files = _provisioned.Copy();
        Assert.True(new FileDevice(Flash(files), new PlatformTrust()).Update(Second));
        Assert.InRange(files.Calls, 200, 5000);
        return [.. files.Writes];
    }

    private void Play(int call, FileFault fault, int part)
    {
        string what = $"{fault} at call {call}, {part} bytes";
        using FileSystem files = _provisioned.Copy();
        files.FailAt(call, fault, part);
        new FileDevice(Flash(files), new PlatformTrust()).Update(Second, files.Mend);
        files.Mend();

        // A full file system is still full here.
        var device = new FileDevice(Flash(files), new PlatformTrust());
        device.AssertRunsAWholeImage(what, First, Second);
        if (fault is FileFault.Once or FileFault.Late)
        {
            // One call says nothing about what is on flash, but for a write of the bank that failed.
            Assert.True(device.Engine.Boot.Sequence == Second.Sequence || device.Engine.LastReason == OtaReason.FlashWorn, $"{what}: {device.Engine.LastReason}");
        }

        files.MakeRoom();
        Assert.True(device.Engine.Boot.Sequence == Second.Sequence || device.Update(Second), $"{what}: the release was given up");
        Assert.True(device.Update(Third), $"{what}: no further update");
        device.AssertRunsAWholeImage(what, Third);
    }

    private static PlayedFlash Flash(FileSystem files) => new(files.Folder, BlockLength, BlockCount);

    /// <summary>The platform's hash and RSA: thousands of boots, and the device's own arithmetic is not what is played.</summary>
    private sealed class PlatformTrust : OtaTrust
    {
        private readonly MemoryStream _message = new();

        public override void HashStart() => _message.SetLength(0);

        public override void HashAppend(byte[] buffer, int offset, int count) => _message.Write(buffer, offset, count);

        public override void HashFinish(byte[] digest, int offset) => SHA256.HashData(_message.GetBuffer().AsSpan(0, (int)_message.Length), digest.AsSpan(offset));

        public override bool VerifySignature(int algorithm, byte[] digest, byte[] buffer, int keyIdOffset, int keyIdCount, int signatureOffset, int signatureCount) =>
            FileDevice.Key.VerifyHash(digest.AsSpan(0, DigestLength), buffer.AsSpan(signatureOffset, signatureCount), HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
    }
}
