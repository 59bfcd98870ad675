using System;
using System.IO;
using Flint.Ota;

namespace Flint.Device.Nano;

/// <summary>
/// Small values in files, each whole or not at all: a value has two files, and the one with the older number is written anew, so that whatever a lost
/// power leaves of it, the other still stands.
/// </summary>
/// <remarks>
/// <code>
/// name0, name1:  u32 number | value | u32 CRC-32C of all before, big-endian
/// </code>
/// The newer of the files whose sums are right is the value. A file that is torn, too long or unreadable is none. The sum finds accidents, not
/// attackers: who can write the file system owns the device's secrets anyway. Memory that has run out is thrown: a value that was not read for want of
/// it, the boot counter for one, must not pass for none.
/// </remarks>
public sealed class DeviceStore
{
    private readonly string _folder;
    private uint _number;

    /// <param name="folder">An existing folder, with its separator at the end: <c>I:\</c>.</param>
    /// <exception cref="ArgumentException">There is no folder.</exception>
    public DeviceStore(string folder)
    {
        if (folder == null || folder.Length == 0)
        {
            throw new ArgumentException("Values are stored in a folder.", nameof(folder));
        }

        _folder = folder;
    }

    /// <summary>Reads what was saved last under this name.</summary>
    /// <returns>Null where there is nothing, or nothing readable.</returns>
    public byte[]? Load(string name)
    {
        Newest(name, out byte[]? value);
        return value;
    }

    /// <summary>Saves a value of up to 2048 bytes.</summary>
    /// <returns>False where the file system has not said that it is saved; the value before it stands then, or this one, whole.</returns>
    public bool Save(string name, byte[] value)
    {
        if (value == null || value.Length > MaxValue)
        {
            return false;
        }

        int newest = Newest(name, out byte[]? before);
        byte[] bytes = new byte[value.Length + Overhead];
        BigEndian.WriteUInt32(bytes, 0, before == null ? 1 : _number + 1);
        Array.Copy(value, 0, bytes, NumberLength, value.Length);
        int end = bytes.Length - SumLength;
        BigEndian.WriteUInt32(bytes, end, OtaCrc32C.Append(0, bytes, 0, end));
#pragma warning disable CA1816 // the device's Close leaves a finalizer behind, which a boot gives no time to run
#pragma warning disable CA1031 // a file system that fails has not saved: a result, never an exception
        try
        {
            string path = Path(name, 1 - newest);
            if (Exists(path))
            {
                File.Delete(path);
            }

            using (var file = new FileStream(path, FileMode.Create, FileAccess.Write))
            {
                GC.SuppressFinalize(file);
                file.Write(bytes, 0, bytes.Length);
                file.Flush();
            }

            return true;
        }
        catch (OutOfMemoryException)
        {
            throw;
        }
        catch (Exception)
        {
            return false;
        }
        finally
        {
            ByteRange.Clear(bytes);
        }
    }

    /// <summary>Which of the two files holds the value, 0 or 1, and its number in a field; 0 where neither does.</summary>
    private int Newest(string name, out byte[]? value)
    {
        value = Read(Path(name, 0));
        uint first = _number;
        byte[]? other = Read(Path(name, 1));

        // Numbers are compared as distances, so that they may wrap.
        if (other != null && (value == null || (int)(_number - first) > 0))
        {
            value = other;
            return 1;
        }

        _number = first;
        return 0;
    }

    private byte[]? Read(string path)
    {
        try
        {
            if (!Exists(path))
            {
                return null;
            }

            using (var file = new FileStream(path, FileMode.Open, FileAccess.Read))
            {
                GC.SuppressFinalize(file);
                long length = file.Length;
                if (length < Overhead || length > MaxValue + Overhead)
                {
                    return null;
                }

                byte[] bytes = new byte[(int)length];
                int read = 0;
                int more = 1;
                while (read < bytes.Length && more > 0)
                {
                    more = file.Read(bytes, read, bytes.Length - read);
                    read += more;
                }

                int end = bytes.Length - SumLength;
                if (read != bytes.Length || BigEndian.ReadUInt32(bytes, end) != OtaCrc32C.Append(0, bytes, 0, end))
                {
                    return null;
                }

                _number = BigEndian.ReadUInt32(bytes, 0);
                byte[] value = new byte[end - NumberLength];
                Array.Copy(bytes, NumberLength, value, 0, value.Length);
                ByteRange.Clear(bytes);
                return value;
            }
        }
        catch (OutOfMemoryException)
        {
            throw;
        }
        catch (Exception)
        {
            return null;
        }
    }
#pragma warning restore CA1031, CA1816

    /// <summary>Whether there is such a file. The device's class library says no as well where memory has run out for the question, and then it has for the probe.</summary>
    internal static bool Exists(string path) => File.Exists(path) || new byte[MemoryProbe].Length == 0;

    private string Path(string name, int which) => _folder + name + (which == 0 ? "0" : "1");

    private const int NumberLength = 4;
    private const int SumLength = 4;
    private const int Overhead = NumberLength + SumLength;

    // Implementation
    private const int MaxValue = 2048;
    private const int MemoryProbe = 512;
}
