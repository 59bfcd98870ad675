using System;
using System.Globalization;
using System.Text;

namespace Flint.Ota.Testing;

/// <summary>Prints flash, one erase block a line.</summary>
internal static class FlashDump
{
    private const int Shown = 24;

    public static string Print(ProofFlash flash)
    {
        var text = new StringBuilder();
        for (int block = 0; block < flash.BlockCount; block++)
        {
            ReadOnlySpan<byte> bytes = flash.Truth(flash.BlockStart(block), flash.BlockLength(block));
            if (bytes.IsEmpty)
            {
                text.Append(CultureInfo.InvariantCulture, $"{block,4} at {flash.BlockStart(block),7} cannot be read\n");
                continue;
            }

            int used = bytes.Length - bytes.Count(flash.ErasedValue);
            text.Append(CultureInfo.InvariantCulture, $"{block,4} at {flash.BlockStart(block),7} used {used,6} of {bytes.Length,6}  ");
            text.Append(used == 0 ? "erased" : Convert.ToHexStringLower(bytes[..Math.Min(Shown, bytes.Length)])).Append('\n');
        }

        return text.ToString();
    }
}
