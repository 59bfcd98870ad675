namespace Flint.Ota;

/// <summary>What the boot decision chose; docs/spec/ota.md section 8.</summary>
public enum OtaBootSource
{
    /// <summary>The confirmed bank, or the other one where the confirmed bank is bad.</summary>
    Confirmed = 0,

    /// <summary>The new bank, on trial; one attempt was consumed.</summary>
    Trial = 1,

    /// <summary>The factory image.</summary>
    Factory = 2,

    /// <summary>Nothing bootable: the program that runs can only listen for an update.</summary>
    Recovery = 3,
}
