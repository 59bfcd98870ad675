namespace Flint.SecureTunnel;

/// <summary>What stands at the head of a stream of frames.</summary>
internal enum FrameStatus
{
    /// <summary>A whole frame.</summary>
    Ok = 0,

    /// <summary>The beginning of a frame, or nothing; more bytes may complete it.</summary>
    Truncated,

    /// <summary>A frame of length zero (section 5).</summary>
    Empty,

    /// <summary>A frame longer than the state allows (section 5).</summary>
    TooLong,
}
