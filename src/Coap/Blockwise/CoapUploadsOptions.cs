using System;

namespace Flint.Coap;

/// <summary>The bounds of <see cref="CoapUploads"/>.</summary>
public sealed class CoapUploadsOptions
{
    /// <summary>How large blocks and bodies may be.</summary>
    public CoapBlockSizes Sizes { get; init; } = CoapBlockSizes.Datagram;

    /// <summary>How many bodies may be under way.</summary>
    public int MaxTransfers { get; init; } = 1024;

    /// <summary>The same for one peer.</summary>
    public int MaxTransfersPerPeer { get; init; } = 8;

    /// <summary>How long the next block may take: EXCHANGE_LIFETIME (RFC 7959 section 2.5).</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(247);

    /// <summary>Checks every value against its range; <see cref="CoapUploads"/> calls it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value lies outside.</exception>
    public void Validate()
    {
        ArgumentNullException.ThrowIfNull(Sizes);
        Sizes.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxTransfers, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxTransfersPerPeer, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Timeout, TimeSpan.Zero);
    }
}
