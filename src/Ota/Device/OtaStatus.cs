namespace Flint.Ota;

/// <summary>How a call to the engine, the manifest reader or the chunk reader ended.</summary>
public enum OtaStatus
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>Not allowed in this state (section 6).</summary>
    WrongState = 1,

    /// <summary>The flash failed; nothing that counts was changed. An offer in a start that could read nothing gives this until the next start (section 4.2).</summary>
    FlashFailed = 2,

    /// <summary>The bytes end inside the manifest (section 5.1).</summary>
    ManifestTruncated = 10,

    /// <summary>Not the deterministic CBOR of section 5.1: a longer integer than needed, indefinite length, wrong order, wrong type.</summary>
    ManifestMalformed = 11,

    /// <summary>Bytes follow the manifest (section 5.1).</summary>
    ManifestTrailingBytes = 12,

    /// <summary>Longer than the limit (section 5.4).</summary>
    ManifestTooLong = 13,

    /// <summary>A field that has to be there is not (section 5.2).</summary>
    ManifestFieldMissing = 14,

    /// <summary>A field has a value outside its range (section 5.2).</summary>
    ManifestFieldRange = 15,

    /// <summary>A field that this version does not know and must not ignore (section 5.2).</summary>
    ManifestFieldUnknown = 16,

    /// <summary>A format or digest scheme that this version does not know (section 5.2).</summary>
    ManifestUnsupported = 17,

    /// <summary>The signature is not good, or its key or algorithm is not trusted (section 5.3).</summary>
    SignatureInvalid = 18,

    /// <summary>The manifest is for another product (section 5.5).</summary>
    WrongProduct = 30,

    /// <summary>The manifest is for other revisions of the hardware (section 5.5).</summary>
    WrongHardware = 31,

    /// <summary>The manifest is for another device (section 5.5).</summary>
    WrongDevice = 32,

    /// <summary>The set of components is not the one that this layout holds (section 5.5).</summary>
    WrongComponents = 33,

    /// <summary>An image or its block table is larger than its region (section 5.5).</summary>
    TooLarge = 34,

    /// <summary>What the manifest names runs already, equal by digest (section 5.5).</summary>
    AlreadyInstalled = 35,

    /// <summary>The sequence is not above that of the manifest that runs, or of the one under way (section 5.5).</summary>
    Downgrade = 36,

    /// <summary>The security version is below the anti-rollback floor (section 5.5).</summary>
    BelowFloor = 37,

    /// <summary>These images were rejected before, and the manifest does not ask to retry (section 5.5).</summary>
    RejectedBefore = 38,

    /// <summary>This manifest changed the stored state 32 times and is not tried any more (section 5.5).</summary>
    TooManyTransitions = 39,

    /// <summary>The manifest's time is over (section 5.5).</summary>
    Expired = 40,

    /// <summary>The frame is shorter than its header says, or its length is not the one of this offset (section 7.2).</summary>
    ChunkMalformed = 50,

    /// <summary>The checksum does not match: damaged, or of another artifact (section 7.2).</summary>
    ChunkCorrupt = 51,

    /// <summary>The offset lies beyond the artifact (section 7.2).</summary>
    ChunkOutOfRange = 52,

    /// <summary>These bytes are here already (section 7.2).</summary>
    ChunkDuplicate = 53,

    /// <summary>Not among the bytes that are wanted now (section 7.2).</summary>
    ChunkNotRequested = 54,

    /// <summary>The block that this chunk completed is not the one of the table; it is fetched again (section 7.3).</summary>
    BlockMismatch = 55,

    /// <summary>The download was given up; <see cref="OtaEngine.LastReason"/> says why (section 7.3).</summary>
    DownloadFailed = 56,
}
