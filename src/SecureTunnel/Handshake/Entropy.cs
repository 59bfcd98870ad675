using System;

namespace Flint.SecureTunnel;

/// <summary>Where a state machine's random bytes come from: the platform at the edge, a recorded list in a test.</summary>
internal abstract class Entropy
{
    /// <summary>Fills <paramref name="destination"/> with uniformly random bytes.</summary>
    /// <param name="destination">What to fill.</param>
    /// <param name="use">What the bytes are for; for the eyes of a test.</param>
    public abstract void Fill(Span<byte> destination, EntropyUse use);
}
