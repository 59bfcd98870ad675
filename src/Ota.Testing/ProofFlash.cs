using System;

namespace Flint.Ota.Testing;

/// <summary>Flash under a proof: it fails where it is told to, counts, and can be looked at behind the engine's back.</summary>
public abstract class ProofFlash : OtaFlash
{
    /// <summary>The programs and erases so far; on a medium with a cache, flushes too.</summary>
    public abstract int Operations { get; }

    /// <summary>How many faults happened.</summary>
    public abstract int FaultsMet { get; }

    /// <summary>Whether every fault to come cuts the power and takes nothing back, so that the driver tells the truth.</summary>
    public abstract bool OnlyCuts { get; }

    /// <summary>Whether something on the flash reads one way now and another way later.</summary>
    public abstract bool IsUnsettled { get; }

    /// <summary>Whether a fault happened that does not go away: a block that died, a bit that is stuck.</summary>
    public abstract bool IsWorn { get; }

    /// <summary>Whether a cut may take back what was not flushed.</summary>
    public virtual bool HasCache => false;

    /// <summary>What was done that flash does not forgive; empty where nothing was.</summary>
    public abstract string Violation { get; }

    /// <summary>How often a block was erased.</summary>
    public abstract int Erases(int block);

    /// <summary>The bytes as they are.</summary>
    public abstract ReadOnlySpan<byte> Truth(int address, int count);

    /// <summary>Turns bits that were good, as rot does.</summary>
    public abstract void Rot(int address, byte mask);

    /// <summary>A start of the engine begins.</summary>
    public virtual void BeginStart()
    {
    }

    /// <summary>The start is over; <c>true</c> where no read of it succeeded.</summary>
    public virtual bool EndStart() => false;
}
