using System.IO;

namespace Flint.Coap;

/// <summary>A body that is collected in memory from its blocks.</summary>
/// <param name="Preconditions">The If-Match and If-None-Match options of its first block; null for none.</param>
internal sealed record CoapStoredUpload(CoapOptionList? Preconditions)
{
    public MemoryStream Body { get; } = new();
}
