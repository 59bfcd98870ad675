namespace Flint.SecureTunnel;

/// <summary>How a device proves its identity (section 6.6).</summary>
internal enum AuthMethod : byte
{
    None = 0,
    Psk = 1,
    DeviceRsa = 2,
    Resumption = 3,
}
