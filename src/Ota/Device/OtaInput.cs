namespace Flint.Ota;

/// <summary>What moves the engine from one state to another; docs/spec/ota.md section 6.</summary>
public enum OtaInput
{
    /// <summary>Started on a bank that is not on trial, with no download to resume.</summary>
    Started = 0,

    /// <summary>Started, and the journal holds a download that goes on.</summary>
    StartedResuming = 1,

    /// <summary>Started on a bank on trial; one attempt is consumed.</summary>
    StartedTrial = 2,

    /// <summary>A manifest was accepted and its journal begun.</summary>
    ManifestAccepted = 3,

    /// <summary>The last block was verified.</summary>
    DownloadComplete = 4,

    /// <summary>The download was given up, by the program or because it cannot succeed.</summary>
    DownloadEnded = 5,

    /// <summary>The program wants the download to rest.</summary>
    Pause = 6,

    /// <summary>The program wants the download to go on.</summary>
    Resume = 7,

    /// <summary>The verified bank is recorded as the one to try; at start: and another bank is running.</summary>
    Armed = 8,

    /// <summary>The bank on trial is recorded as good.</summary>
    Confirmed = 9,

    /// <summary>The bank on trial is recorded as bad; at start: the bank that is running is not the one to run.</summary>
    Rejected = 10,
}
