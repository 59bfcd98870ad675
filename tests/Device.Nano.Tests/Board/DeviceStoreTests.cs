using Flint.Device.Nano.Tests.Support;

namespace Flint.Device.Nano.Tests.Board;

/// <summary>Values in files: whole or not at all, whatever the file system leaves of the last write.</summary>
public sealed class DeviceStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flint-store-").FullName + Path.DirectorySeparatorChar;
    private readonly DeviceStore _store;

    public DeviceStoreTests() => _store = new DeviceStore(_folder);

    [Fact]
    public void Value_Saved_IsReadBackByTheNextStart()
    {
        Assert.Null(_store.Load("a"));
        for (int i = 0; i < 5; i++)
        {
            Assert.True(_store.Save("a", [(byte)i, 2, 3]));
            Assert.True(_store.Save("b", new byte[i]));
            Assert.Equal([(byte)i, 2, 3], new DeviceStore(_folder).Load("a"));
            Assert.Equal(new byte[i], _store.Load("b"));
        }

        Assert.Equal(4, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public void Save_CutAtEveryByte_LeavesTheOldValueOrTheNew()
    {
        byte[] old = [1, 1, 1, 1];
        byte[] replacement = [2, 2, 2, 2, 2, 2];
        _store.Save("x", [0]);
        _store.Save("x", old);
        string[] before = Directory.GetFiles(_folder);
        Dictionary<string, byte[]> files = before.ToDictionary(file => file, File.ReadAllBytes);
        _store.Save("x", replacement);
        string written = before.Single(file => !File.ReadAllBytes(file).SequenceEqual(files[file]));
        byte[] whole = File.ReadAllBytes(written);
        for (int cut = 0; cut <= whole.Length; cut++)
        {
            File.WriteAllBytes(written, whole[..cut]);
            Assert.Equal(cut == whole.Length ? replacement : old, new DeviceStore(_folder).Load("x"));

            // Life goes on from there: the next value is saved beside the one that stands.
            Assert.True(new DeviceStore(_folder).Save("x", [7]));
            Assert.Equal([7], new DeviceStore(_folder).Load("x"));
            foreach (string file in before)
            {
                File.WriteAllBytes(file, file == written ? whole : files[file]);
            }
        }

        File.Delete(written);
        Assert.Equal(old, new DeviceStore(_folder).Load("x"));
    }

    [Fact]
    public void Files_OfGarbage_AreNoValue()
    {
        var random = new Random(5);
        _store.Save("g", [1, 2, 3]);
        byte[] good = File.ReadAllBytes(_folder + "g1");
        for (int i = 0; i < good.Length * 8; i++)
        {
            byte[] bad = (byte[])good.Clone();
            bad[i / 8] ^= (byte)(1 << (i % 8));
            File.WriteAllBytes(_folder + "g1", bad);
            Assert.Null(_store.Load("g"));
        }

        foreach (int length in new[] { 0, 1, 7, 8, 9, 3000 })
        {
            byte[] bad = new byte[length];
            random.NextBytes(bad);
            File.WriteAllBytes(_folder + "g0", bad);
            File.WriteAllBytes(_folder + "g1", bad);
            Assert.Null(_store.Load("g"));
        }

        Assert.True(_store.Save("g", [4]));
        Assert.Equal([4], _store.Load("g"));
    }

    [Fact]
    public void FileSystem_ThatFails_SaysSo()
    {
        var nowhere = new DeviceStore(_folder + "absent" + Path.DirectorySeparatorChar);
        Assert.False(nowhere.Save("a", [1]));
        Assert.Null(nowhere.Load("a"));
        Assert.False(_store.Save("a", new byte[2049]));
        Directory.CreateDirectory(_folder + "d0");
        Directory.CreateDirectory(_folder + "d1");
        Assert.False(_store.Save("d", [1]));
        Assert.Null(_store.Load("d"));
        Assert.Throws<ArgumentException>(() => new DeviceStore(""));
    }

    [Fact]
    public void Numbers_Wrap()
    {
        File.WriteAllBytes(_folder + "w0", WithSum([0xFF, 0xFF, 0xFF, 0xFF, 1]));
        File.WriteAllBytes(_folder + "w1", WithSum([0, 0, 0, 0, 2]));
        Assert.Equal([2], _store.Load("w"));
        _store.Save("w", [3]);
        Assert.Equal([3], _store.Load("w"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static byte[] WithSum(byte[] bytes)
    {
        uint sum = Flint.Ota.OtaCrc32C.Append(0, bytes, 0, bytes.Length);
        return [.. bytes, (byte)(sum >> 24), unchecked((byte)(sum >> 16)), unchecked((byte)(sum >> 8)), unchecked((byte)sum)];
    }
}
