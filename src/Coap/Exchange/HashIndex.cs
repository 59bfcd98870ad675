using System;

namespace Flint.Coap;

/// <summary>
/// Finds the places of entries by a 32-bit hash: open addressing with linear probing, never more than half full. The caller compares keys,
/// and hashes them with a secret, so that peers cannot choose keys that collide. Allocates only when it grows.
/// </summary>
internal sealed class HashIndex
{
    private ulong[] _cells = new ulong[MinCells];
    private int _count;

    /// <summary>Bytes an entry takes, where their number is a power of two: two cells.</summary>
    public const int BytesPerEntry = 2 * sizeof(ulong);

    /// <summary>How many entries there are.</summary>
    public int Count => _count;

    /// <summary>Where a search for <paramref name="hash"/> begins.</summary>
    public int Start(uint hash) => unchecked((int)hash & (_cells.Length - 1));

    /// <summary>The next place whose entry has <paramref name="hash"/>.</summary>
    /// <returns>False where there is no other.</returns>
    public bool TryNext(uint hash, ref int cursor, out int place)
    {
        ulong[] cells = _cells;
        while (true)
        {
            ulong cell = cells[cursor];
            if (cell == 0)
            {
                place = -1;
                return false;
            }

            cursor = (cursor + 1) & (cells.Length - 1);
            if (cell >> 32 == hash)
            {
                place = unchecked((int)(uint)cell) - 1;
                return true;
            }
        }
    }

    /// <summary>Adds an entry; the caller knows that it is not there yet.</summary>
    public void Add(uint hash, int place)
    {
        if (2 * (_count + 1) > _cells.Length)
        {
            Grow();
        }

        Insert(_cells, (ulong)hash << 32 | (uint)(place + 1));
        _count++;
    }

    /// <summary>Removes the entry with this hash and this place; the caller knows that it is there.</summary>
    public void Remove(uint hash, int place)
    {
        ulong[] cells = _cells;
        int mask = cells.Length - 1;
        ulong wanted = (ulong)hash << 32 | (uint)(place + 1);
        int hole = Start(hash);
        while (cells[hole] != wanted)
        {
            hole = (hole + 1) & mask;
        }

        // Entries behind the hole move up into it, unless they would pass their own start.
        for (int next = (hole + 1) & mask; cells[next] != 0; next = (next + 1) & mask)
        {
            int home = Start((uint)(cells[next] >> 32));
            if (((next - home) & mask) >= ((next - hole) & mask))
            {
                cells[hole] = cells[next];
                hole = next;
            }
        }

        cells[hole] = 0;
        _count--;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_cells);
        _count = 0;
    }

    private void Grow()
    {
        var cells = new ulong[_cells.Length * 2];
        foreach (ulong cell in _cells)
        {
            if (cell != 0)
            {
                Insert(cells, cell);
            }
        }

        _cells = cells;
    }

    private static void Insert(ulong[] cells, ulong cell)
    {
        int mask = cells.Length - 1;
        int cursor = unchecked((int)(cell >> 32)) & mask;
        while (cells[cursor] != 0)
        {
            cursor = (cursor + 1) & mask;
        }

        cells[cursor] = cell;
    }

    private const int MinCells = 16;
}
