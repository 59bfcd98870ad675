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
    private byte[] _truth = [];
    private int _operations;
    private int _faultsMet;

    public override int Operations => _operations;

    public override int FaultsMet => _faultsMet;

    public override bool OnlyCuts => _faults.TrueForAll(fault => fault.IsCut);

    public override bool IsUnsettled => false;

    public override bool IsWorn => false;

    public override string Violation => "";

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

    /// <summary>Forgets counts and faults, and takes others.</summary>
    public void Begin(ReadOnlySpan<FlashFault> faults)
    {
        _operations = 0;
        _faultsMet = 0;
        Array.Clear(_erases);
        _faults.Clear();
        _faults.AddRange(faults);
    }

    public override bool Read(int address, byte[] buffer, int offset, int count) => driver.Read(address, buffer, offset, count);

    public override bool Flush() => driver.Flush();

    public override bool Program(int address, byte[] buffer, int offset, int count)
    {
        int half = count / WriteUnit / 2 * WriteUnit;
        switch (Next())
        {
            case FlashFaultKind.CutBefore:
                throw new PowerCutException();
            case FlashFaultKind.CutHalfway:
                _ = half == 0 || driver.Program(address, buffer, offset, half);
                throw new PowerCutException();
            case FlashFaultKind.CutAfter:
                driver.Program(address, buffer, offset, count);
                throw new PowerCutException();
            case FlashFaultKind.SilentLoss:
                return true;
            case FlashFaultKind.SilentHalf:
                return half == 0 || driver.Program(address, buffer, offset, half);
            case FlashFaultKind.Error:
                return false;
            case FlashFaultKind.WrongBit:
                byte[] spoiled = buffer.AsSpan(offset, count).ToArray();
                spoiled[count / 2] ^= 0x20;
                return driver.Program(address, spoiled, 0, count);
            default:
                return driver.Program(address, buffer, offset, count);
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
                driver.EraseBlock(block);
                throw new PowerCutException();
            case FlashFaultKind.SilentLoss or FlashFaultKind.SilentHalf:
                return true;
            case FlashFaultKind.Error:
                return false;
            default:
                return driver.EraseBlock(block);
        }
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
