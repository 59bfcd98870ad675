using System;
using System.Collections.Generic;

namespace Flint.Ota.Testing;

/// <summary>
/// NOR flash in memory that fails where it is told to: it loses its power within an operation and leaves behind what real flash may, or its
/// driver lies. It knows which units are truly erased and notes a program over any other.
/// </summary>
public sealed class FaultFlash : ProofFlash
{
    // Of a start that hears late.
    private const int LateReads = 8;

    private readonly OtaBoard _board;
    private readonly int[] _starts;
    private readonly byte[] _bytes;
    private readonly byte[] _unsettled;
    private readonly UnitState[] _units;
    private readonly int[] _erases;
    private readonly List<FlashFault> _faults = [];
    private readonly List<FlashFault> _readFaults = [];
    private readonly List<FlashFault> _startFaults = [];
    private readonly byte[] _stuck;
    private readonly bool[] _dead;
    private int _operations;
    private int _reads;
    private int _readsAtCut;
    private int _boots;
    private int _deafReads;
    private int _faultsMet;
    private string _violation = "";
    private bool _isWorn;
    private uint _noise = 1;

    /// <summary>Erased flash of the board's shape.</summary>
    public FaultFlash(OtaBoard board)
    {
        ArgumentNullException.ThrowIfNull(board);
        _board = board;
        _starts = new int[board.BlockLengths.Count + 1];
        for (int i = 0; i < board.BlockLengths.Count; i++)
        {
            _starts[i + 1] = _starts[i] + board.BlockLengths[i];
        }

        _bytes = new byte[_starts[^1]];
        _unsettled = new byte[_starts[^1]];
        _units = new UnitState[_starts[^1] / board.WriteUnit];
        _erases = new int[board.BlockLengths.Count];
        _dead = new bool[board.BlockLengths.Count];
        _stuck = new byte[_starts[^1]];
        Array.Fill(_bytes, board.ErasedValue);
    }

    private enum UnitState : byte
    {
        Erased,
        Programmed,

        // Touched by an interrupted operation: to be erased before it is programmed, whatever it reads as.
        Dirty,

        // Dirty, and ECC cannot read it.
        Unreadable,

        // The driver claimed to have erased it: what is programmed here mixes with what is there.
        FalselyErased,
    }

    /// <summary>How many erases a block lives for; 0 for ever.</summary>
    public int Endurance { get; set; }

    /// <inheritdoc/>
    public override int Operations => _operations;

    /// <summary>The reads so far.</summary>
    public int Reads => _reads;

    /// <summary>The reads before the power went last.</summary>
    public int ReadsAtCut => _readsAtCut;

    /// <summary>The starts of the engine so far.</summary>
    public int Boots => _boots;

    /// <inheritdoc/>
    public override string Violation => _violation;

    /// <inheritdoc/>
    public override int FaultsMet => _faultsMet;

    /// <inheritdoc/>
    public override bool OnlyCuts => _readFaults.Count == 0 && _faults.TrueForAll(fault => fault.IsCut);

    /// <inheritdoc/>
    public override bool IsUnsettled => _unsettled.AsSpan().ContainsAnyExcept((byte)0);

    /// <inheritdoc/>
    public override bool IsWorn => _isWorn;

    /// <inheritdoc/>
    public override int Size => _bytes.Length;

    /// <inheritdoc/>
    public override int WriteUnit => _board.WriteUnit;

    /// <inheritdoc/>
    public override byte ErasedValue => _board.ErasedValue;

    /// <inheritdoc/>
    public override int BlockCount => _erases.Length;

    /// <inheritdoc/>
    public override int BlockStart(int block) => _starts[block];

    /// <inheritdoc/>
    public override int BlockLength(int block) => _starts[block + 1] - _starts[block];

    /// <inheritdoc/>
    public override int Erases(int block) => _erases[block];

    /// <summary>The bytes as they are, whatever a read would say.</summary>
    public override ReadOnlySpan<byte> Truth(int address, int count) => _bytes.AsSpan(address, count);

    /// <summary>Makes something happen at an operation to come.</summary>
    public void Add(FlashFault fault) => (fault.IsStart ? _startFaults : fault.IsRead ? _readFaults : _faults).Add(fault);

    /// <inheritdoc/>
    public override void Rot(int address, byte mask) => _bytes[address] ^= mask;

    /// <inheritdoc/>
    public override void BeginStart()
    {
        _boots++;
        FlashFaultKind? fault = Meet(_startFaults, _boots)?.Kind;
        _deafReads = fault == FlashFaultKind.StartIsDeaf ? int.MaxValue : fault == FlashFaultKind.StartHearsLate ? LateReads : 0;
    }

    /// <inheritdoc/>
    public override bool EndStart()
    {
        bool wasDeaf = _deafReads > LateReads;
        _deafReads = 0;
        return wasDeaf;
    }

    /// <summary>Becomes a copy of <paramref name="other"/>, of the same board, with no faults ahead and counters at zero.</summary>
    public void CopyFrom(FaultFlash other, uint seed)
    {
        ArgumentNullException.ThrowIfNull(other);
        other._bytes.CopyTo(_bytes, 0);
        other._unsettled.CopyTo(_unsettled, 0);
        other._units.CopyTo(_units, 0);
        Array.Clear(_erases);
        _faults.Clear();
        _readFaults.Clear();
        _startFaults.Clear();
        _stuck.AsSpan().Clear();
        Array.Clear(_dead);
        _isWorn = false;
        _operations = 0;
        _reads = 0;
        _readsAtCut = 0;
        _boots = 0;
        _deafReads = 0;
        _faultsMet = 0;
        _violation = "";
        _noise = seed == 0 ? 1 : seed;
    }

    /// <summary>Holds these bytes, and nothing else is known about it: what reads as erased is.</summary>
    internal void Restore(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_bytes);
        Array.Clear(_units);
        int next = 0;
        while (bytes[next..].IndexOfAnyExcept(ErasedValue) is >= 0 and var erased)
        {
            int unit = (next + erased) / WriteUnit;
            _units[unit] = UnitState.Programmed;
            next = (unit + 1) * WriteUnit;
        }
    }

    /// <inheritdoc/>
    public override bool Read(int address, byte[] buffer, int offset, int count)
    {
        _reads++;
        int first = address / WriteUnit;
        FlashFaultKind? fault = Meet(_readFaults, _reads)?.Kind;
        if (fault == FlashFaultKind.ReadFails || _deafReads > 0)
        {
            _deafReads = Math.Max(0, _deafReads - 1);
            buffer.AsSpan(offset, count).Fill(0xA5);
            return false;
        }

        if (count > 0 && _units.AsSpan(first, ((address + count - 1) / WriteUnit) - first + 1).Contains(UnitState.Unreadable))
        {
            return false;
        }

        Span<byte> target = buffer.AsSpan(offset, count);
        _bytes.AsSpan(address, count).CopyTo(target);
        ReadOnlySpan<byte> unsettled = _unsettled.AsSpan(address, count);
        for (int i = unsettled.IndexOfAnyExcept((byte)0); i >= 0 && i < count; i++)
        {
            target[i] ^= (byte)(unsettled[i] & Noise());
        }

        target[count / 2] ^= fault == FlashFaultKind.ReadFlips ? (byte)0x10 : (byte)0;
        return true;
    }

    /// <inheritdoc/>
    public override bool Program(int address, byte[] buffer, int offset, int count)
    {
        if (address % WriteUnit != 0 || count % WriteUnit != 0)
        {
            return Violate($"a program of {count} bytes at {address} is not in whole units");
        }

        Span<UnitState> units = _units.AsSpan(address / WriteUnit, count / WriteUnit);
        int bad = units.IndexOfAnyExcept(UnitState.Erased, UnitState.FalselyErased);
        if (bad >= 0)
        {
            return Violate($"a program at {address} over a unit that is {units[bad]}");
        }

        FlashFault? fault = Next();
        int block = BlockOf(address);
        Wear(fault, block, address + (count / 2));
        if (_dead[block])
        {
            return false;
        }

        ReadOnlySpan<byte> wanted = buffer.AsSpan(offset, count);
        Span<byte> target = _bytes.AsSpan(address, count);
        if (fault is null && units.Contains(UnitState.FalselyErased))
        {
            // Bits can only leave the erased value.
            for (int i = 0; i < count; i++)
            {
                target[i] = ErasedValue == 0xFF ? (byte)(target[i] & wanted[i]) : (byte)(target[i] | wanted[i]);
            }

            units.Fill(UnitState.Programmed);
            return true;
        }

        if (_isWorn)
        {
            units.Fill(UnitState.Programmed);
            wanted.CopyTo(target);
            Stick(address, count);
            return fault is { IsCut: true } ? throw new PowerCutException() : true;
        }

        return ProgramUnits(fault, address, wanted, target, units);
    }

    /// <inheritdoc/>
    public override bool EraseBlock(int block)
    {
        FlashFault? fault = Next();
        _erases[block]++;
        int start = _starts[block];
        int length = BlockLength(block);
        Wear(fault, block, start + (length / 3));
        if (_dead[block])
        {
            return false;
        }

        Span<byte> bytes = _bytes.AsSpan(start, length);
        Span<byte> unsettled = _unsettled.AsSpan(start, length);
        Span<UnitState> units = _units.AsSpan(start / WriteUnit, length / WriteUnit);
        switch (fault?.Kind)
        {
            case FlashFaultKind.CutBefore:
                throw new PowerCutException();
            case FlashFaultKind.Error:
                return false;
            case FlashFaultKind.SilentLoss:
                units.Fill(UnitState.FalselyErased);
                return true;
            case FlashFaultKind.SilentHalf:
                bytes[..(length / 2)].Fill(ErasedValue);
                units.Fill(UnitState.FalselyErased);
                return true;
            case FlashFaultKind.WrongBit:
                bytes.Fill(ErasedValue);
                unsettled.Clear();
                bytes[length / 3] ^= 0x04;
                units.Fill(UnitState.FalselyErased);
                return true;
            case FlashFaultKind.CutHalfway:
                bytes[..(length / 2)].Fill(ErasedValue);
                units.Fill(UnitState.Dirty);
                throw new PowerCutException();
            case FlashFaultKind.CutTorn:
                foreach (ref byte one in bytes)
                {
                    one = Mix(one, ErasedValue);
                }

                units.Fill(_board.HasEcc ? UnitState.Unreadable : UnitState.Dirty);
                throw new PowerCutException();
            case FlashFaultKind.CutPoisoned:
            case FlashFaultKind.CutUnsettled:
                bytes.Fill(ErasedValue);
                unsettled.Clear();
                for (int i = 0; fault.Value.Kind == FlashFaultKind.CutUnsettled && i < length; i += 97)
                {
                    unsettled[i] = 0x10;
                }

                units.Fill(UnitState.Dirty);
                throw new PowerCutException();
            default:
                bytes.Fill(ErasedValue);
                unsettled.Clear();
                units.Clear();
                Stick(start, length);
                return fault is not { IsCut: true } ? true : throw new PowerCutException();
        }
    }

    private bool ProgramUnits(FlashFault? fault, int address, ReadOnlySpan<byte> wanted, Span<byte> target, Span<UnitState> units)
    {
        int whole = fault?.Kind switch
        {
            FlashFaultKind.CutBefore or FlashFaultKind.SilentLoss or FlashFaultKind.Error => 0,
            FlashFaultKind.CutHalfway or FlashFaultKind.SilentHalf => units.Length / 2,
            FlashFaultKind.CutTorn or FlashFaultKind.CutPoisoned or FlashFaultKind.CutUnsettled => units.Length - 1,
            _ => units.Length,
        };
        wanted[..(whole * WriteUnit)].CopyTo(target);
        units[..whole].Fill(UnitState.Programmed);
        Span<byte> last = target.Slice(Math.Min(whole * WriteUnit, target.Length));
        switch (fault?.Kind)
        {
            case FlashFaultKind.CutTorn:
                for (int i = 0; i < WriteUnit; i++)
                {
                    last[i] = Mix(wanted[(whole * WriteUnit) + i], ErasedValue);
                }

                units[whole] = _board.HasEcc ? UnitState.Unreadable : UnitState.Dirty;
                break;
            case FlashFaultKind.CutPoisoned:
                units[whole] = UnitState.Dirty;
                break;
            case FlashFaultKind.CutUnsettled:
                wanted[(whole * WriteUnit)..].CopyTo(last);
                _unsettled[address + (whole * WriteUnit) + (WriteUnit / 2)] = (byte)(1 << (Noise() % 8));
                units[whole] = UnitState.Dirty;
                break;
            case FlashFaultKind.WrongBit:
                target[target.Length / 2] ^= 0x20;
                break;
            default:
                break;
        }

        return fault is { IsCut: true } ? throw new PowerCutException() : fault?.Kind != FlashFaultKind.Error;
    }

    private int BlockOf(int address)
    {
        int block = Array.BinarySearch(_starts, address);
        return block >= 0 ? block : ~block - 1;
    }

    // What does not heal: a block that has lived long enough, or was told to die, and a bit that was told to stick.
    private void Wear(FlashFault? fault, int block, int address)
    {
        if (fault?.Kind == FlashFaultKind.BlockDies || (Endurance > 0 && _erases[block] > Endurance))
        {
            _dead[block] = true;
            _isWorn = true;
        }

        if (fault?.Kind == FlashFaultKind.BitSticks)
        {
            _stuck[address] = 0x08;
            _isWorn = true;
        }
    }

    private void Stick(int address, int count)
    {
        for (int i = address; _isWorn && i < address + count; i++)
        {
            _bytes[i] = ErasedValue == 0xFF ? (byte)(_bytes[i] & ~_stuck[i]) : (byte)(_bytes[i] | _stuck[i]);
        }
    }

    private FlashFault? Next()
    {
        _operations++;
        FlashFault? fault = Meet(_faults, _operations);
        _readsAtCut = fault is { IsCut: true } ? _reads : _readsAtCut;
        return fault;
    }

    private FlashFault? Meet(List<FlashFault> faults, int number)
    {
        foreach (FlashFault fault in faults)
        {
            if (fault.Operation == number)
            {
                _faultsMet++;
                return fault;
            }
        }

        return null;
    }

    private bool Violate(string what)
    {
        _violation = _violation.Length > 0 ? _violation : what;
        return false;
    }

    private byte Mix(byte one, byte other)
    {
        byte random = Noise();
        return (byte)((one & random) | (other & (random ^ 0xFF)));
    }

    private byte Noise()
    {
        _noise ^= _noise << 13;
        _noise ^= _noise >> 17;
        _noise ^= _noise << 5;
        return (byte)((_noise >> 8) & 0xFF);
    }
}
