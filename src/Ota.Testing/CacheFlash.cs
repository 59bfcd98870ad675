using System;
using System.Collections.Generic;

namespace Flint.Ota.Testing;

/// <summary>
/// A medium with a cache in front of it, as a file is: what was written can be read at once, and is on the medium once it was flushed. When the power
/// goes, what was not flushed is there or not, each program and erase by itself, so in any order.
/// </summary>
internal sealed class CacheFlash : ProofFlash
{
    private readonly FaultFlash _view;
    private readonly byte[] _medium;
    private readonly List<(int Address, byte[] Bytes)> _pending = [];
    private readonly List<FlashFault> _faults;
    private uint _noise;
    private int _operations;
    private int _faultsMet;

    /// <param name="view">What reads see; it has no faults of its own.</param>
    /// <param name="faults">Of the kinds for a medium with a cache.</param>
    /// <param name="seed">What reaches the medium is drawn from it.</param>
    public CacheFlash(FaultFlash view, ReadOnlySpan<FlashFault> faults, uint seed)
    {
        _view = view;
        _medium = view.Truth(0, view.Size).ToArray();
        _faults = [.. faults];
        _noise = seed | 1;

        // Whatever a cut did to cells before, from here on bytes are all there is.
        view.Restore(_medium);
    }

    public override int Operations => _operations;

    public override int FaultsMet => _faultsMet;

    public override bool OnlyCuts => false;

    public override bool HasCache => true;

    public override bool IsUnsettled => false;

    public override bool IsWorn => false;

    public override string Violation => _view.Violation;

    public override int Size => _view.Size;

    public override int WriteUnit => _view.WriteUnit;

    public override byte ErasedValue => _view.ErasedValue;

    public override int BlockCount => _view.BlockCount;

    public override int BlockStart(int block) => _view.BlockStart(block);

    public override int BlockLength(int block) => _view.BlockLength(block);

    public override int Erases(int block) => _view.Erases(block);

    public override ReadOnlySpan<byte> Truth(int address, int count) => _view.Truth(address, count);

    public override void Rot(int address, byte mask)
    {
        _view.Rot(address, mask);
        _medium[address] ^= mask;
    }

    public override bool Read(int address, byte[] buffer, int offset, int count) => _view.Read(address, buffer, offset, count);

    public override bool Program(int address, byte[] buffer, int offset, int count)
    {
        Next();
        _pending.Add((address, buffer.AsSpan(offset, count).ToArray()));
        return _view.Program(address, buffer, offset, count);
    }

    public override bool EraseBlock(int block)
    {
        Next();
        var erased = new byte[BlockLength(block)];
        Array.Fill(erased, ErasedValue);
        _pending.Add((BlockStart(block), erased));
        return _view.EraseBlock(block);
    }

    public override bool Flush()
    {
        Next();
        _pending.Clear();
        _view.Truth(0, Size).CopyTo(_medium);
        return true;
    }

    private void Next()
    {
        _operations++;
        foreach (FlashFault fault in _faults)
        {
            if (fault.Operation == _operations)
            {
                _faultsMet++;
                Cut(fault.Kind == FlashFaultKind.CutReordered);
            }
        }
    }

    private void Cut(bool isReordered)
    {
        foreach ((int address, byte[] bytes) in _pending)
        {
            ReadOnlySpan<byte> kept = isReordered ? Part(bytes) : [];
            kept.CopyTo(_medium.AsSpan(address));
        }

        _pending.Clear();
        _view.Restore(_medium);
        throw new PowerCutException();
    }

    // Whole twice as often as in half or not at all.
    private ReadOnlySpan<byte> Part(byte[] bytes)
    {
        _noise ^= _noise << 13;
        _noise ^= _noise >> 17;
        _noise ^= _noise << 5;
        return ((_noise >> 8) % 4) switch
        {
            0 => [],
            1 => bytes.AsSpan(0, bytes.Length / 2 / WriteUnit * WriteUnit),
            _ => bytes,
        };
    }
}
