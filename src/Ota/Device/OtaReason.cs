namespace Flint.Ota;

/// <summary>How the last update ended, or why the device runs what it runs. Stored on flash: the numbers are part of the format.</summary>
/// <remarks>docs/spec/ota.md section 4.1, field "reason". 128 to 255 belong to the program (<see cref="OtaEngine.Reject"/>).</remarks>
public enum OtaReason
{
    /// <summary>Nothing happened yet.</summary>
    None = 0,

    /// <summary>The factory or first image was installed.</summary>
    Provisioned = 1,

    /// <summary>The update was confirmed.</summary>
    Confirmed = 2,

    /// <summary>The program on trial rejected itself: its self-test failed.</summary>
    SelfTestFailed = 3,

    /// <summary>Every trial boot was used and none confirmed: crash, hang or a program that forgets to confirm.</summary>
    AttemptsExhausted = 4,

    /// <summary>The bank on trial did not verify at boot.</summary>
    TrialCorrupt = 5,

    /// <summary>The confirmed bank did not verify at boot; the other bank or the factory image runs.</summary>
    ConfirmedCorrupt = 6,

    /// <summary>The same block came wrong every time: what the server has is not what the manifest names.</summary>
    ImageMismatch = 7,

    /// <summary>The block table came wrong every time.</summary>
    TableMismatch = 8,

    /// <summary>The flash did not keep what was written to it.</summary>
    FlashWorn = 9,

    /// <summary>The program gave the download up.</summary>
    Aborted = 10,

    /// <summary>Another manifest replaced this one during the download.</summary>
    Replaced = 11,

    /// <summary>One update changed the stored state more often than the format allows.</summary>
    TooManyTransitions = 12,

    /// <summary>The bank's security version is below the floor.</summary>
    BelowFloor = 13,

    /// <summary>A bank's manifest does not carry a trusted signature.</summary>
    SignatureInvalid = 14,

    /// <summary>The boot loader was asked for the confirmed bank and started the other one all the same.</summary>
    LoaderRefused = 15,

    /// <summary>Chunks came damaged again and again, from every source and at every size that was tried.</summary>
    TransferCorrupt = 16,
}
