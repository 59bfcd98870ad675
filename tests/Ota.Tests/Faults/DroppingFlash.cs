namespace Flint.Ota.Tests.Faults;

/// <summary>Flash whose driver programs fewer bytes than it was given and says that all is well, as real drivers did.</summary>
/// <param name="inner">The flash below.</param>
/// <param name="kept">How many bytes of so many are programmed.</param>
internal sealed class DroppingFlash(OtaFlash inner, Func<int, int> kept) : ForwardingFlash(inner)
{
    public override bool Program(int address, byte[] buffer, int offset, int count) => base.Program(address, buffer, offset, kept(count));
}
