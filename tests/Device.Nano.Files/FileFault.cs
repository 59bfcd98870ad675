namespace Flint.Device.Nano;

/// <summary>What one call of a file system comes to.</summary>
public enum FileFault
{
    /// <summary>It does nothing and fails; the next works.</summary>
    Once,

    /// <summary>It does what it should and fails all the same; the next works.</summary>
    Late,

    /// <summary>It does nothing, and each call after it fails: the file system has gone, or the power.</summary>
    Down,

    /// <summary>As <see cref="Down"/>; what was written into a file since it was opened or flushed is lost, as where only that is committed.</summary>
    Uncommitted,

    /// <summary>A write of which a part arrives, and then the power goes.</summary>
    Torn,

    /// <summary>As <see cref="Torn"/>; the file has the length that it was to have, and nothing but zeros behind the part.</summary>
    TornAfterLength,

    /// <summary>From this call on there is no more room than is taken: what needs more writes what fits and fails, what is deleted makes room.</summary>
    Full,
}
