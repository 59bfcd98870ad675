namespace Flint.Ota.Tests.Faults;

/// <summary>The power went: thrown out of the flash operation that it met, and through the engine, as a reset would.</summary>
public sealed class PowerCutException : Exception;

/// <summary>
/// NOR flash that loses its power in the middle of the n-th program or erase and leaves behind what real flash may: half-done operations,
/// units that read erased and are not, bits that read differently each time, units that ECC refuses to read.
/// </summary>
public sealed class FaultFlash : OtaFlash
{
    /// <summary>Ways in which an interrupted program or erase can end.</summary>
    public const int Variants = 6;

    private readonly byte[] _bytes;
    private readonly UnitState[] _units;
    private readonly byte[] _unsettled;
    private readonly int _blockLength;
    private readonly bool _ecc;
    private readonly int[] _erases;
    private uint _noise;

    public FaultFlash(int blocks, int blockLength, int writeUnit, byte erasedValue, bool ecc, uint seed = 1)
    {
        _bytes = new byte[blocks * blockLength];
        _unsettled = new byte[_bytes.Length];
        _units = new UnitState[_bytes.Length / writeUnit];
        _erases = new int[blocks];
        _blockLength = blockLength;
        _ecc = ecc;
        _noise = seed | 1;
        WriteUnit = writeUnit;
        ErasedValue = erasedValue;
        Array.Fill(_bytes, erasedValue);
    }

    private enum UnitState : byte
    {
        Erased,
        Programmed,

        /// <summary>Touched by an interrupted operation: must be erased before it is programmed, whatever it reads as.</summary>
        Dirty,

        /// <summary>Dirty, and ECC cannot read it.</summary>
        Unreadable,
    }

    /// <summary>The programs and erases so far.</summary>
    public int Operations { get; private set; }

    /// <summary>The operations that are interrupted, by number, and how.</summary>
    public Dictionary<int, int> Cuts { get; } = [];

    /// <summary>What the engine did that flash does not forgive; empty where nothing.</summary>
    public string Violation { get; private set; } = "";

    public override int Size => _bytes.Length;

    public override int WriteUnit { get; }

    public override byte ErasedValue { get; }

    public override int BlockCount => _erases.Length;

    /// <summary>How often a block was erased.</summary>
    public int Erases(int block) => _erases[block];

    public override int BlockStart(int block) => block * _blockLength;

    public override int BlockLength(int block) => _blockLength;

    /// <summary>The bytes as a perfect reader would see them.</summary>
    public ReadOnlySpan<byte> Truth(int address, int count) => _bytes.AsSpan(address, count);

    public override bool Read(int address, byte[] buffer, int offset, int count)
    {
        for (int unit = address / WriteUnit; unit <= (address + count - 1) / WriteUnit; unit++)
        {
            if (_units[unit] == UnitState.Unreadable)
            {
                return false;
            }
        }

        for (int i = 0; i < count; i++)
        {
            buffer[offset + i] = _bytes[address + i];
            if (_unsettled[address + i] != 0)
            {
                buffer[offset + i] ^= (byte)(_unsettled[address + i] & Noise());
            }
        }

        return true;
    }

    public override bool Program(int address, byte[] buffer, int offset, int count)
    {
        int first = address / WriteUnit;
        int units = count / WriteUnit;
        if (address % WriteUnit != 0 || count % WriteUnit != 0)
        {
            return Violate($"program of {count} bytes at {address} is not in whole units");
        }

        for (int i = 0; i < units; i++)
        {
            if (_units[first + i] != UnitState.Erased)
            {
                return Violate($"program over unit {first + i} at {address}, which is {_units[first + i]}");
            }
        }

        Operations++;
        bool cut = Cuts.TryGetValue(Operations, out int variant);
        int whole = !cut ? units : variant switch { 0 => 0, 1 => units / 2, 2 or 3 or 5 => units - 1, _ => units };
        buffer.AsSpan(offset, whole * WriteUnit).CopyTo(_bytes.AsSpan(address));
        _units.AsSpan(first, whole).Fill(UnitState.Programmed);
        if (!cut)
        {
            return true;
        }

        if (variant is 2 or 3 or 5)
        {
            Tear(first + whole, address + (whole * WriteUnit), buffer.AsSpan(offset + (whole * WriteUnit), WriteUnit), variant);
        }

        throw new PowerCutException();
    }

    public override bool EraseBlock(int block)
    {
        Operations++;
        _erases[block]++;
        int start = block * _blockLength;
        Span<byte> bytes = _bytes.AsSpan(start, _blockLength);
        Span<UnitState> units = _units.AsSpan(start / WriteUnit, _blockLength / WriteUnit);
        bool cut = Cuts.TryGetValue(Operations, out int variant);
        if (cut && variant == 0)
        {
            throw new PowerCutException();
        }

        if (!cut || variant == 4)
        {
            bytes.Fill(ErasedValue);
            units.Clear();
            _unsettled.AsSpan(start, _blockLength).Clear();
            return !cut ? true : throw new PowerCutException();
        }

        units.Fill(UnitState.Dirty);
        switch (variant)
        {
            case 1:
                bytes[..(_blockLength / 2)].Fill(ErasedValue);
                break;
            case 2:
                foreach (ref byte one in bytes)
                {
                    byte random = Noise();
                    one = (byte)((one & random) | (ErasedValue & (random ^ 0xFF)));
                }

                units.Fill(_ecc ? UnitState.Unreadable : UnitState.Dirty);
                break;
            default:
                // Reads erased and is not: weak throughout (3), or with a bit here and there that does not settle (5).
                bytes.Fill(ErasedValue);
                _unsettled.AsSpan(start, _blockLength).Clear();
                for (int i = 0; variant == 5 && i < _blockLength; i += 97)
                {
                    _unsettled[start + i] = 0x10;
                }

                break;
        }

        throw new PowerCutException();
    }

    /// <summary>Turns one bit that was good, as rot does.</summary>
    public void Rot(int address, byte mask) => _bytes[address] ^= mask;

    private void Tear(int unit, int address, ReadOnlySpan<byte> wanted, int variant)
    {
        _units[unit] = UnitState.Dirty;
        Span<byte> bytes = _bytes.AsSpan(address, WriteUnit);
        if (variant == 2)
        {
            for (int i = 0; i < WriteUnit; i++)
            {
                byte random = Noise();
                bytes[i] = (byte)((wanted[i] & random) | (ErasedValue & (random ^ 0xFF)));
            }

            _units[unit] = _ecc ? UnitState.Unreadable : UnitState.Dirty;
        }
        else if (variant == 5)
        {
            // All there, but for one bit that reads one way now and another way later.
            wanted.CopyTo(bytes);
            _unsettled[address + (WriteUnit / 2)] = (byte)(1 << (Noise() % 8));
        }
    }

    private bool Violate(string what)
    {
        Violation = Violation.Length > 0 ? Violation : what;
        return false;
    }

    private byte Noise()
    {
        _noise ^= _noise << 13;
        _noise ^= _noise >> 17;
        _noise ^= _noise << 5;
        return (byte)((_noise >> 8) & 0xFF);
    }
}
