namespace Flint.Ota;

/// <summary>Where the engine is in an update; docs/spec/ota.md section 6.</summary>
public enum OtaState
{
    /// <summary><see cref="OtaEngine.Start"/> has not run.</summary>
    Off = 0,

    /// <summary>No update is under way.</summary>
    Idle = 1,

    /// <summary>A manifest was accepted; tables and images are fetched and checked.</summary>
    Downloading = 2,

    /// <summary>The download rests until <see cref="OtaEngine.Resume"/>; a restart resumes it as well.</summary>
    Paused = 3,

    /// <summary>Every block of every image stands checked in the bank.</summary>
    Verified = 4,

    /// <summary>The next start tries the new bank.</summary>
    Armed = 5,

    /// <summary>The new bank runs on trial; it has to be confirmed.</summary>
    Trial = 6,

    /// <summary>The bank that runs was rejected; the device has to be reset.</summary>
    Rejected = 7,
}
