using System;

namespace Flint.Ota;

/// <summary>Where a server finds the bytes that devices ask for: by name, offset and length, without memory of who asked before.</summary>
public interface IOtaArtifactSource
{
    /// <summary>
    /// Copies bytes of an artifact to all of <paramref name="destination"/>; <c>false</c> where the name is unknown or the range is not
    /// wholly inside.
    /// </summary>
    /// <param name="artifact">The 8 bytes of <see cref="OtaRequest.Artifact"/>.</param>
    /// <param name="offset">Where the range starts.</param>
    /// <param name="destination">Takes the bytes.</param>
    bool TryRead(ReadOnlySpan<byte> artifact, int offset, Span<byte> destination);
}
