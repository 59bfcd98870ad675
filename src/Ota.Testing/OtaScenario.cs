namespace Flint.Ota.Testing;

/// <summary>What happens to the device while faults happen to its flash.</summary>
public enum OtaScenario
{
    /// <summary>An update that is confirmed.</summary>
    Good = 0,

    /// <summary>An update whose self-test fails: the old image, the reason, and a refusal from then on.</summary>
    BadSelfTest = 1,

    /// <summary>An update that resets before it confirms: the old image after its attempts.</summary>
    CrashLoop = 2,

    /// <summary>Another manifest, with some of the same blocks, replaces the first in the middle of its download.</summary>
    SwitchManifest = 3,

    /// <summary>Two updates, the second of which raises the floor.</summary>
    TwoUpdates = 4,

    /// <summary>An update that would raise the floor fails its self-test: the floor stays and the old image boots.</summary>
    BadFloor = 5,

    /// <summary>A bit of the armed bank rots before its first boot.</summary>
    RotTrial = 6,

    /// <summary>A bit of the confirmed bank rots after the update: the other bank boots.</summary>
    RotConfirmed = 7,

    /// <summary>Both banks rot: the factory image boots and takes an update.</summary>
    Factory = 8,

    /// <summary>The server sends one wrong block under a right checksum: it is found as it lands and fetched again.</summary>
    BadServer = 9,

    /// <summary>A download is aborted half-way, and another update follows.</summary>
    Abort = 10,

    /// <summary>The download is paused, the device restarts, and the download goes on.</summary>
    Pause = 11,

    /// <summary>While the power is off in the middle of a download, a bit rots of what was verified: it does not count, and is fetched again.</summary>
    RotDownload = 12,

    /// <summary>Chunks of another image, of none, and such as came before arrive between the right ones: each is left aside for its reason.</summary>
    ForeignChunks = 13,
}
