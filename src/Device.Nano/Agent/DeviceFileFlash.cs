using System;
using System.IO;
using Flint.Ota;

namespace Flint.Device.Nano;

/// <summary>
/// Flash made of files, one a block, in a folder of the device's file system (<c>I:\</c> or <c>D:\</c>). A file that is missing, or ends early, reads as
/// erased; so erasing deletes, and programming appends, which is what a log-structured file system does well. What a lost power leaves of a file is
/// what the engine expects of flash: any part of what was written last. Memory that has run out is no flash that fails: it is thrown, so that no
/// bank passes for rotten because of it.
/// </summary>
public sealed class DeviceFileFlash : OtaFlash
{
    private readonly string _folder;
    private readonly int _blockLength;
    private readonly int _blockCount;
    private readonly byte[] _padding = new byte[PaddingLength];

    /// <param name="folder">An existing folder, with its separator at the end: <c>I:\ota\</c>.</param>
    /// <param name="blockLength">The bytes of a block, and so of a file at most.</param>
    /// <param name="blockCount">How many blocks there are.</param>
    /// <exception cref="ArgumentException">There is no folder, or a number is not positive.</exception>
    public DeviceFileFlash(string folder, int blockLength, int blockCount)
    {
        if (folder == null || blockLength <= 0 || blockCount <= 0 || blockCount > int.MaxValue / blockLength)
        {
            throw new ArgumentException("A folder, and blocks that fit 2 GiB.", nameof(folder));
        }

        _folder = folder;
        _blockLength = blockLength;
        _blockCount = blockCount;
        OtaBytes.Fill(_padding, 0, PaddingLength, Erased);
    }

    /// <summary>
    /// Called after each file that was worked on, the watchdog's hook for one: an engine looks at a whole bank at once, and a file system may take seconds for
    /// it; null: nothing is.
    /// </summary>
    public Action? Yield;

    /// <inheritdoc/>
    public override int Size => _blockLength * _blockCount;

    /// <inheritdoc/>
    public override int WriteUnit => Unit;

    /// <inheritdoc/>
    public override byte ErasedValue => Erased;

    /// <inheritdoc/>
    public override int BlockCount => _blockCount;

    /// <inheritdoc/>
    public override int BlockStart(int block) => block * _blockLength;

    /// <inheritdoc/>
    public override int BlockLength(int block) => _blockLength;

    /// <inheritdoc/>
    public override bool Read(int address, byte[] buffer, int offset, int count) =>
        IsRange(address, buffer, offset, count) && Walk(address, buffer, offset, count, writes: false);

    /// <inheritdoc/>
    public override bool Program(int address, byte[] buffer, int offset, int count) =>
        IsRange(address, buffer, offset, count) && address % Unit == 0 && count % Unit == 0 && Walk(address, buffer, offset, count, writes: true);

    /// <inheritdoc/>
    public override bool EraseBlock(int block)
    {
        if (block < 0 || block >= _blockCount)
        {
            return false;
        }

#pragma warning disable CA1031 // a file system that fails is flash that fails: a result, never an exception
        try
        {
            string path = Path(block);
            if (DeviceStore.Exists(path))
            {
                File.Delete(path);
            }

            Yield?.Invoke();
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
    }

    /// <summary>Goes from block to block, each with its part of the buffer.</summary>
    private bool Walk(int address, byte[] buffer, int offset, int count, bool writes)
    {
        try
        {
            while (count > 0)
            {
                int block = address / _blockLength;
                int start = address % _blockLength;
                int part = _blockLength - start < count ? _blockLength - start : count;
                if (writes)
                {
                    WriteBlock(block, start, buffer, offset, part);
                }
                else
                {
                    ReadBlock(block, start, buffer, offset, part);
                }

                address += part;
                offset += part;
                count -= part;
                Yield?.Invoke();
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
    }
#pragma warning restore CA1031

#pragma warning disable CA1816 // the device's Close leaves a finalizer behind, which a boot gives no time to run: 15 KB after 700 calls
    private void ReadBlock(int block, int start, byte[] buffer, int offset, int count)
    {
        int read = 0;
        string path = Path(block);
        if (DeviceStore.Exists(path))
        {
            using (var file = new FileStream(path, FileMode.Open, FileAccess.Read))
            {
                GC.SuppressFinalize(file);
                if (file.Length > start)
                {
                    file.Seek(start, SeekOrigin.Begin);
                    int more = 1;
                    while (read < count && more > 0)
                    {
                        more = file.Read(buffer, offset + read, count - read);
                        read += more;
                    }
                }
            }
        }

        for (; read < count; read++)
        {
            buffer[offset + read] = Erased;
        }
    }

    private void WriteBlock(int block, int start, byte[] buffer, int offset, int count)
    {
        using (var file = new FileStream(Path(block), FileMode.OpenOrCreate, FileAccess.ReadWrite))
        {
            GC.SuppressFinalize(file);
            long end = file.Seek(0, SeekOrigin.End);
            for (long gap = start - end; gap > 0; gap -= PaddingLength)
            {
                file.Write(_padding, 0, gap < PaddingLength ? (int)gap : PaddingLength);
            }

            if (end > start)
            {
                file.Seek(start, SeekOrigin.Begin);
            }

            file.Write(buffer, offset, count);
            file.Flush();
        }
    }

#pragma warning restore CA1816

    private bool IsRange(int address, byte[] buffer, int offset, int count) =>
        buffer != null && offset >= 0 && count >= 0 && count <= buffer.Length - offset && address >= 0 && count <= Size - address;

    private string Path(int block) => _folder + "b" + DecimalText.Text(block);

    // Implementation
    private const int Unit = 16;
    private const byte Erased = 0xFF;
    private const int PaddingLength = 64;
}
