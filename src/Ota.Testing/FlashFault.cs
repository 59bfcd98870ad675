namespace Flint.Ota.Testing;

/// <summary>A fault at the n-th program or erase, at the n-th read, at the n-th program, erase or flush, or in the n-th start, counted from 1.</summary>
/// <param name="Operation">The number of the operation; reads and starts have numbers of their own, and so have operations on a medium with a cache.</param>
/// <param name="Kind">What happens there.</param>
public readonly record struct FlashFault(int Operation, FlashFaultKind Kind)
{
    /// <summary>The kinds that cut the power.</summary>
    public const int CutKinds = 6;

    /// <summary>The kinds that pass: an erase heals what they did.</summary>
    public const int Kinds = 10;

    /// <summary>The kinds that happen at a program or an erase; those from <see cref="Kinds"/> on stay.</summary>
    public const int AllKinds = 12;

    /// <summary>With those that happen at a read, from <see cref="AllKinds"/> on.</summary>
    public const int KindsWithReads = 14;

    /// <summary>With those that happen to a medium with a cache, from <see cref="KindsWithReads"/> on.</summary>
    public const int KindsWithCaches = 16;

    /// <summary>With those that a whole start has, from <see cref="KindsWithCaches"/> on.</summary>
    public const int KindsWithStarts = 18;

    /// <summary>Whether it happens at a read.</summary>
    public bool IsRead => (int)Kind is >= AllKinds and < KindsWithReads;

    /// <summary>Whether it happens to a medium with a cache, of which flushes are operations too.</summary>
    public bool IsCached => (int)Kind is >= KindsWithReads and < KindsWithCaches;

    /// <summary>Whether it happens in a start.</summary>
    public bool IsStart => (int)Kind >= KindsWithCaches;

    /// <summary>Whether the power goes, and what was done before stays.</summary>
    public bool IsCut => (int)Kind < CutKinds;

    /// <summary>As a replay line has it: the number, a colon, the kind.</summary>
    public override string ToString() => $"{Operation}:{(int)Kind}";
}
