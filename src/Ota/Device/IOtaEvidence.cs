namespace Flint.Ota;

/// <summary>What the engine tells of each end of an update (docs/spec/ota.md section 4.4), where a layout has a place for it: see <see cref="OtaLayout.Evidence"/>.</summary>
internal interface IOtaEvidence
{
    /// <summary>Keeps what the record says of a bank. Nothing is decided by it, so a failing write is not an error.</summary>
    /// <param name="record">Reason, attempts left, detail, and the manifest it is about.</param>
    /// <param name="bank">The bank.</param>
    /// <param name="runs">The sequence that ran.</param>
    /// <param name="about">The sequence it is about.</param>
    void Append(OtaStateRecord record, int bank, uint runs, uint about);

    /// <summary>Copies the 32 bytes that are <paramref name="back"/> before the newest; <c>false</c> where there are none.</summary>
    bool TryRead(int back, byte[] buffer, int offset);
}
