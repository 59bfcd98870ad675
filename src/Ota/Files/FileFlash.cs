using System;
using System.IO;
using Microsoft.Win32.SafeHandles;

namespace Flint.Ota;

/// <summary>
/// Flash in a file, for devices whose storage is a file system: equal erase blocks, and the rules of NOR held, so that the engine behaves as on
/// a microcontroller. What has to be durable is: <see cref="Flush"/> is an fsync, and the engine calls it before and after every state record and every
/// mark of a move.
/// </summary>
/// <remarks>
/// docs/spec/ota.md section 9. [OTA-112] Programs and erases between two flushes may reach the disk in any order or not at all: images are verified
/// again after every start, and marks of a download are hints. A process that is killed loses nothing that it wrote; only a power cut does. The file is locked against a second process. Not for several threads at once.
/// </remarks>
public sealed class FileFlash : OtaFlash, IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly FileFlashGeometry _geometry;
    private readonly byte[] _erased;
    private readonly byte[] _check;

    private FileFlash(SafeFileHandle file, FileFlashGeometry geometry)
    {
        _file = file;
        _geometry = geometry;
        _erased = new byte[geometry.BlockLength];
        _check = new byte[4096];
        Array.Fill(_erased, geometry.ErasedValue);
    }

    /// <inheritdoc/>
    public override int Size => _geometry.Size;

    /// <inheritdoc/>
    public override int WriteUnit => _geometry.WriteUnit;

    /// <inheritdoc/>
    public override byte ErasedValue => _geometry.ErasedValue;

    /// <inheritdoc/>
    public override int BlockCount => _geometry.Size / _geometry.BlockLength;

    /// <summary>
    /// Opens the file, or creates it erased. A file that a cut left shorter than the geometry is filled up with erased bytes. The name of a
    /// new file is as durable as the file system makes it (.NET cannot fsync a folder): create it while provisioning, not in the field.
    /// </summary>
    /// <exception cref="ArgumentException">The geometry is not sound.</exception>
    /// <exception cref="InvalidDataException">The file is longer than the geometry says.</exception>
    /// <exception cref="IOException">The file cannot be opened, or another process holds it.</exception>
    public static FileFlash Open(string path, FileFlashGeometry geometry)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(geometry);
        geometry.Validate();
        SafeFileHandle file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        try
        {
            Fill(file, path, geometry);
            return new FileFlash(file, geometry);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override int BlockStart(int block) => block * _geometry.BlockLength;

    /// <inheritdoc/>
    public override int BlockLength(int block) => _geometry.BlockLength;

    /// <inheritdoc/>
    public override bool Read(int address, byte[] buffer, int offset, int count)
    {
        Span<byte> rest = buffer.AsSpan(offset, count);
        try
        {
            while (!rest.IsEmpty)
            {
                int read = RandomAccess.Read(_file, rest, address);
                if (read == 0)
                {
                    return false;
                }

                address += read;
                rest = rest[read..];
            }

            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public override bool Program(int address, byte[] buffer, int offset, int count)
    {
        if (address % WriteUnit != 0 || count % WriteUnit != 0 || !IsErased(address, count))
        {
            return false;
        }

        return TryWrite(address, buffer.AsSpan(offset, count));
    }

    /// <inheritdoc/>
    public override bool EraseBlock(int block) => TryWrite(BlockStart(block), _erased);

    /// <inheritdoc/>
    public override bool Flush()
    {
        // [OTA-111]
        try
        {
            RandomAccess.FlushToDisk(_file);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static void Fill(SafeFileHandle file, string path, FileFlashGeometry geometry)
    {
        long length = RandomAccess.GetLength(file);
        if (length > geometry.Size)
        {
            throw new InvalidDataException($"{path} has {length} bytes, more than the {geometry.Size} of the geometry.");
        }

        var erased = new byte[geometry.BlockLength];
        Array.Fill(erased, geometry.ErasedValue);
        while (length < geometry.Size)
        {
            int count = (int)Math.Min(erased.Length, geometry.Size - length);
            RandomAccess.Write(file, erased.AsSpan(0, count), length);
            length += count;
        }

        RandomAccess.FlushToDisk(file);
    }

    private bool IsErased(int address, int count)
    {
        for (int done = 0; done < count; done += _check.Length)
        {
            int length = Math.Min(_check.Length, count - done);
            if (!Read(address + done, _check, 0, length) || _check.AsSpan(0, length).ContainsAnyExcept(ErasedValue))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryWrite(int address, ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(_file, bytes, address);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
