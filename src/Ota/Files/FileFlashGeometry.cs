using System;

namespace Flint.Ota;

/// <summary>The shape of a <see cref="FileFlash"/>. It is not stored in the file and must not change over its life.</summary>
/// <param name="Size">Bytes, a multiple of <paramref name="BlockLength"/>, at most 1 GiB.</param>
/// <param name="BlockLength">Bytes of an erase block; the file system's block or a multiple of it serves best.</param>
/// <param name="WriteUnit">Bytes that are programmed at least, a power of two from 1 to 512.</param>
/// <param name="ErasedValue">0xFF or 0x00.</param>
public sealed record FileFlashGeometry(int Size, int BlockLength = 4096, int WriteUnit = 1, byte ErasedValue = 0xFF)
{
    internal void Validate()
    {
        if (Size <= 0 || Size > 1 << 30 || BlockLength <= 0 || Size % BlockLength != 0)
        {
            throw new ArgumentException("The size is a whole number of erase blocks and at most 1 GiB.");
        }

        if (WriteUnit is < 1 or > 512 || (WriteUnit & (WriteUnit - 1)) != 0 || BlockLength % WriteUnit != 0)
        {
            throw new ArgumentException("A write unit is a power of two from 1 to 512, and an erase block a whole number of them.");
        }

        if (ErasedValue is not (0x00 or 0xFF))
        {
            throw new ArgumentException("The erased value is 0xFF or 0x00.");
        }
    }
}
