namespace Flint.Ota;

/// <summary>Where the banks of a layout lie. Here each has its own place, from which it can run, and nothing is ever moved; see <see cref="OtaSwap"/>.</summary>
internal class OtaPlacement
{
    private readonly OtaLayout _layout;

    public OtaPlacement(OtaLayout layout)
    {
        _layout = layout;
    }

    /// <summary>Where a bank lies while the images of bank <paramref name="placed"/> stand where they run.</summary>
    public virtual OtaBankLayout Bank(int bank, int placed)
    {
        return _layout.Bank(bank);
    }

    /// <summary>Whether a move was begun and is not at its end.</summary>
    public virtual bool IsUnderWay(OtaStateRecord record)
    {
        return false;
    }

    /// <summary>
    /// Takes the steps that an earlier session marked into the record in RAM. Its session number becomes another, so that no commit, whoever
    /// makes it, can have them counted again.
    /// </summary>
    public virtual void Absorb(OtaStateRecord record)
    {
    }

    /// <summary>Moves until the images of bank <see cref="OtaStateRecord.Placed"/> stand where they run, from the record's position on.</summary>
    /// <param name="record">Goes with the move; committed before the first step and after the last.</param>
    /// <param name="log">Where to.</param>
    /// <param name="passesOver">Whether a slot that the flash does not take is passed over, as what is to run is verified afterwards.</param>
    /// <returns><c>false</c> where the record cannot be committed, or a slot cannot be written and is not passed over.</returns>
    public virtual bool Run(OtaStateRecord record, OtaStateLog log, bool passesOver)
    {
        return false;
    }
}
