namespace Flint.Device.Nano;

/// <summary>
/// The platform's generator: the hardware's on ESP32 and on STM32 with one, a program's elsewhere. Nothing trusts it alone, see
/// <see cref="HedgedRandom"/>.
/// </summary>
public interface IEntropySource
{
    /// <summary>Fills the range.</summary>
    void Fill(byte[] buffer, int offset, int count);
}
