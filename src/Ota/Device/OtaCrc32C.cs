namespace Flint.Ota;

/// <summary>CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), by a table of 256 entries.</summary>
/// <remarks>docs/spec/ota.md section 4. Check value: the CRC of the ASCII digits 1 to 9 is 0xE3069283.</remarks>
public static class OtaCrc32C
{
    private static readonly uint[] Table = CreateTable();

    /// <summary>The CRC of what <paramref name="crc"/> covers followed by these bytes; 0 to start with.</summary>
    public static uint Append(uint crc, byte[] buffer, int offset, int count)
    {
        uint value = ~crc;
        for (int i = 0; i < count; i++)
        {
            value = Table[(int)((value ^ buffer[offset + i]) & 0xFF)] ^ (value >> 8);
        }

        return ~value;
    }

    private static uint[] CreateTable()
    {
        uint[] table = new uint[256];
        for (int i = 0; i < 256; i++)
        {
            uint value = (uint)i;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value & 1) != 0 ? (value >> 1) ^ 0x82F63B78 : value >> 1;
            }

            table[i] = value;
        }

        return table;
    }
}
