using System;

namespace Flint.Ota;

/// <summary>Flash in memory with equal erase blocks: for tests, benchmarks and trying things out. A program over bytes that do not read as erased fails.</summary>
public sealed class MemoryFlash : OtaFlash
{
    private readonly byte[] _bytes;
    private readonly int _blockLength;

    /// <summary>Erased flash of the given size.</summary>
    /// <exception cref="ArgumentException">The size is not a multiple of the block, or the block not of the unit.</exception>
    public MemoryFlash(int size, int blockLength, int writeUnit = 1, byte erasedValue = 0xFF)
    {
        if (size <= 0 || blockLength <= 0 || writeUnit <= 0 || size % blockLength != 0 || blockLength % writeUnit != 0)
        {
            throw new ArgumentException("The size is a whole number of blocks, and a block a whole number of write units.");
        }

        _bytes = new byte[size];
        _blockLength = blockLength;
        WriteUnit = writeUnit;
        ErasedValue = erasedValue;
        Array.Fill(_bytes, erasedValue);
    }

    /// <inheritdoc/>
    public override int Size => _bytes.Length;

    /// <inheritdoc/>
    public override int WriteUnit { get; }

    /// <inheritdoc/>
    public override byte ErasedValue { get; }

    /// <inheritdoc/>
    public override int BlockCount => _bytes.Length / _blockLength;

    /// <inheritdoc/>
    public override byte[] Memory => _bytes;

    /// <summary>What the flash holds, for a test to look at or to damage.</summary>
    public Span<byte> Bytes => _bytes;

    /// <inheritdoc/>
    public override int BlockStart(int block) => block * _blockLength;

    /// <inheritdoc/>
    public override int BlockLength(int block) => _blockLength;

    /// <inheritdoc/>
    public override bool Read(int address, byte[] buffer, int offset, int count)
    {
        _bytes.AsSpan(address, count).CopyTo(buffer.AsSpan(offset, count));
        return true;
    }

    /// <inheritdoc/>
    public override bool Program(int address, byte[] buffer, int offset, int count)
    {
        if (address % WriteUnit != 0 || count % WriteUnit != 0)
        {
            return false;
        }

        Span<byte> target = _bytes.AsSpan(address, count);
        if (target.ContainsAnyExcept(ErasedValue))
        {
            return false;
        }

        buffer.AsSpan(offset, count).CopyTo(target);
        return true;
    }

    /// <inheritdoc/>
    public override bool EraseBlock(int block)
    {
        _bytes.AsSpan(block * _blockLength, _blockLength).Fill(ErasedValue);
        return true;
    }
}
