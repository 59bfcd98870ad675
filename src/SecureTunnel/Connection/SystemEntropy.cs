using System;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>The platform's generator.</summary>
internal sealed class SystemEntropy : Entropy
{
    private SystemEntropy()
    {
    }

    public static SystemEntropy Instance { get; } = new();

    /// <inheritdoc/>
    public override void Fill(Span<byte> destination, EntropyUse use) => RandomNumberGenerator.Fill(destination);
}
