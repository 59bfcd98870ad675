using System;
using System.Collections.Generic;
using System.Linq;

namespace Flint.Ota.Testing;

/// <summary>Holds a flash driver against the contract of <see cref="OtaFlash"/>. It erases and programs: not for flash that holds something.</summary>
public static class FlashDriverCheck
{
    /// <summary>Checks a driver on two of its erase blocks.</summary>
    /// <param name="flash">The driver.</param>
    /// <param name="block">A block that may be erased.</param>
    /// <param name="neighbour">Another, to see that it is left alone.</param>
    /// <returns>What the driver does wrong; empty where it does all right.</returns>
    public static IReadOnlyList<string> Run(OtaFlash flash, int block, int neighbour)
    {
        ArgumentNullException.ThrowIfNull(flash);
        var faults = new List<string>();
        int length = flash.BlockLength(block);
        int start = flash.BlockStart(block);
        int unit = flash.WriteUnit;
        byte[] pattern = [.. Enumerable.Range(0, length).Select(i => (byte)((i * 7 + i / 256) & 0xFF))];
        byte[] read = new byte[length];

        void Expect(bool holds, string otherwise)
        {
            if (!holds)
            {
                faults.Add(otherwise);
            }
        }

        Expect(unit is >= 1 and <= 512 && (unit & (unit - 1)) == 0, "the write unit is not a power of two from 1 to 512");
        Expect(length % unit == 0, "an erase block is not a whole number of write units");
        Expect(flash.ErasedValue is 0x00 or 0xFF, "the erased value is neither 0x00 nor 0xFF");
        if (faults.Count > 0)
        {
            return faults;
        }

        Expect(flash.EraseBlock(neighbour) && flash.EraseBlock(block), "an erase fails");
        Expect(flash.Read(start, read, 0, length) && read.All(b => b == flash.ErasedValue), "an erased block does not read as erased");

        Expect(flash.Program(start, pattern, 0, length), "a program of a whole block fails");
        Expect(flash.Read(start, read, 0, length) && read.SequenceEqual(pattern), "a block does not read as programmed");
        Expect(flash.EraseBlock(block), "a second erase fails");
        for (int i = 0; i < length / unit; i++)
        {
            Expect(flash.Program(start + (i * unit), pattern, i * unit, unit), $"a program of unit {i} alone fails");
        }

        Expect(flash.Read(start, read, 0, length) && read.SequenceEqual(pattern), "units programmed one by one do not read as programmed");
        byte[] part = new byte[length + 2];
        Expect(flash.Read(start + 1, part, 1, length - 1) && part.AsSpan(1, length - 1).SequenceEqual(pattern.AsSpan(1)),
            "a read at an odd address to an odd offset gives other bytes");
        Expect(part[0] == 0 && part[length] == 0 && part[length + 1] == 0, "a read writes outside of its range of the buffer");
        if (unit > 1)
        {
            // A driver that drops a tail in silence loses the end of an image.
            flash.EraseBlock(block);
            Expect(!flash.Program(start, pattern, 0, unit + 1), "a program of a broken unit is not refused");
            Expect(!flash.Program(start + 1, pattern, 0, unit), "a program that does not start a unit is not refused");
        }

        byte[] other = new byte[flash.BlockLength(neighbour)];
        Expect(flash.Read(flash.BlockStart(neighbour), other, 0, other.Length) && other.All(b => b == flash.ErasedValue), "the neighbour was touched");
        Expect(flash.Flush(), "a flush fails");
        return faults;
    }
}
