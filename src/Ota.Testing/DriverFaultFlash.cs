using System;
using System.Collections.Generic;

namespace Flint.Ota.Testing;

/// <summary>
/// A driver of flash, a real one, with faults in front of it: it can stop before, within or after an operation, refuse it, lose it, or spoil what is
/// programmed. What a cut of the power does to the cells of a chip it cannot do; <see cref="FaultFlash"/> models that.
/// </summary>
internal sealed class DriverFaultFlash(OtaFlash driver) : ProofFlash
{
    private readonly int[] _erases = new int[driver.BlockCount];
    private readonly List<FlashFault> _faults = [];

    // The units that were programmed since this began and not erased after it, run after run: what is on the medium stays.
    private readonly HashSet<int> _programmed = [];
    private string _violation = "";
    private byte[] _truth = [];
    private int _operations;
    private int _faultsMet;

    public override int Operations => _operations;

    public override int FaultsMet => _faultsMet;

    public override bool OnlyCuts => _faults.TrueForAll(fault => fault.IsCut);

    public override bool IsUnsettled => false;

    public override bool IsWorn => false;

    public override string Violation => _violation;

    public override int Size => driver.Size;

    public override int WriteUnit => driver.WriteUnit;

    public override byte ErasedValue => driver.ErasedValue;

    public override int BlockCount => driver.BlockCount;

    public override int BlockStart(int block) => driver.BlockStart(block);

    public override int BlockLength(int block) => driver.BlockLength(block);

    public override int Erases(int block) => _erases[block];

    public override ReadOnlySpan<byte> Truth(int address, int count)
    {
        _truth = _truth.Length < count ? new byte[count] : _truth;
        return driver.Read(address, _truth, 0, count) ? _truth.AsSpan(0, count) : [];
    }

    public override void Rot(int address, byte mask) => throw new NotSupportedException("A driver cannot be made to rot.");

    /// <summary>Forgets counts and faults, and takes others; what was programmed is programmed.</summary>
    public void Begin(ReadOnlySpan<FlashFault> faults)
    {
        _operations = 0;
        _faultsMet = 0;
        _violation = "";
        Array.Clear(_erases);
        _faults.Clear();
        _faults.AddRange(faults);
    }

    /// <summary>Erases what does not read as erased; what refuses shows in the run.</summary>
    public void Blank(OtaRegion region)
    {
        for (int block = region.FirstBlock; block < region.FirstBlock + region.BlockCount; block++)
        {
            ReadOnlySpan<byte> bytes = Truth(BlockStart(block), BlockLength(block));
            _ = (!bytes.IsEmpty && bytes.IndexOfAnyExcept(ErasedValue) < 0) || Erase(block);
        }
    }

    public override bool Read(int address, byte[] buffer, int offset, int count) => driver.Read(address, buffer, offset, count);

    public override bool Flush() => driver.Flush();

    public override bool Program(int address, byte[] buffer, int offset, int count)
    {
        if (IsForbidden(address, count))
        {
            return false;
        }

        int half = count / WriteUnit / 2 * WriteUnit;
        switch (Next())
        {
            case FlashFaultKind.CutBefore:
                throw new PowerCutException();
            case FlashFaultKind.CutHalfway:
                Write(address, buffer, offset, half);
                throw new PowerCutException();
            case FlashFaultKind.CutAfter:
                Write(address, buffer, offset, count);
                throw new PowerCutException();
            case FlashFaultKind.SilentLoss:
                return true;
            case FlashFaultKind.SilentHalf:
                return Write(address, buffer, offset, half);
            case FlashFaultKind.Error:
                return false;
            case FlashFaultKind.WrongBit:
                byte[] spoiled = buffer.AsSpan(offset, count).ToArray();
                spoiled[count / 2] ^= 0x20;
                return Write(address, spoiled, 0, count);
            default:
                return Write(address, buffer, offset, count);
        }
    }

    public override bool EraseBlock(int block)
    {
        _erases[block]++;
        switch (Next())
        {
            case FlashFaultKind.CutBefore or FlashFaultKind.CutHalfway:
                throw new PowerCutException();
            case FlashFaultKind.CutAfter:
                Erase(block);
                throw new PowerCutException();
            case FlashFaultKind.SilentLoss or FlashFaultKind.SilentHalf:
                // It is told that they are erased.
                ForgetUnits(block);
                return true;
            case FlashFaultKind.Error:
                return false;
            default:
                return Erase(block);
        }
    }

    private bool Write(int address, byte[] buffer, int offset, int count)
    {
        for (int unit = address / WriteUnit; unit < (address + count) / WriteUnit; unit++)
        {
            _programmed.Add(unit);
        }

        return count == 0 || driver.Program(address, buffer, offset, count);
    }

    private bool Erase(int block)
    {
        if (!driver.EraseBlock(block))
        {
            return false;
        }

        ForgetUnits(block);
        return true;
    }

    private void ForgetUnits(int block)
    {
        int first = BlockStart(block) / WriteUnit;
        for (int unit = first; unit < first + (BlockLength(block) / WriteUnit); unit++)
        {
            _programmed.Remove(unit);
        }
    }

    // Programs of parts of units, or over units that were not erased since, do not reach the driver.
    private bool IsForbidden(int address, int count)
    {
        string what = address % WriteUnit != 0 || count % WriteUnit != 0 ? $"a program of {count} bytes at {address} is not in whole units" : "";
        for (int unit = address / WriteUnit; unit < (address + count) / WriteUnit && what.Length == 0; unit++)
        {
            what = _programmed.Contains(unit) ? $"a program at {address} over a unit that was not erased" : "";
        }

        _violation = _violation.Length > 0 ? _violation : what;
        return what.Length > 0;
    }

    private FlashFaultKind? Next()
    {
        _operations++;
        foreach (FlashFault fault in _faults)
        {
            if (fault.Operation == _operations)
            {
                _faultsMet++;
                return fault.Kind;
            }
        }

        return null;
    }
}
