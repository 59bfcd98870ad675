using Flint.Ota;
using nanoFramework.Runtime.Native;

namespace Flint.Device.Nano;

/// <summary>File banks: this program is the boot stage itself, and a reset is a reboot of the board.</summary>
public sealed class NanoBoot : OtaBoot
{
    /// <inheritdoc/>
    public override int RunningBank => -1;

    /// <inheritdoc/>
    public override void SetNext(int bank)
    {
        // The engine's own state says it; the next start reads that.
    }

    /// <inheritdoc/>
    public override void Reset() => Power.RebootDevice(RebootOption.NormalReboot);
}
