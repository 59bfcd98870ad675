namespace Flint.Ota;

/// <summary>One component of a manifest; offsets point into <see cref="OtaManifest.Buffer"/>.</summary>
/// <remarks>docs/spec/ota.md section 5.2.</remarks>
public sealed class OtaManifestComponent
{
    internal OtaManifestComponent()
    {
    }

    /// <summary>The component's number, for example 0 the application and 1 the radio.</summary>
    public int Id;

    /// <summary>Where the version starts: printable ASCII, for people; nothing is decided by it.</summary>
    public int VersionOffset;

    /// <summary>Its bytes, 0 to 32.</summary>
    public int VersionCount;

    /// <summary>The bytes of the image.</summary>
    public int Size;

    /// <summary>Where the 32 bytes of the digest start: SHA-256 of the block table.</summary>
    public int DigestOffset;

    /// <summary>The bytes that one entry of the block table covers; a power of two.</summary>
    public int BlockSize;

    /// <summary>CRC-32C of the image: a fast last look at the whole of it before it is armed, after every block was verified by its digest.</summary>
    public uint Crc;

    /// <summary>The bytes of the block table.</summary>
    public int TableLength
    {
        get { return ((Size - 1) / BlockSize + 1) * OtaManifest.TableEntryLength; }
    }
}
