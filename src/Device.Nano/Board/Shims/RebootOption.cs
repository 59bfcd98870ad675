namespace nanoFramework.Runtime.Native;

/// <summary>The device's enumeration, as far as it is used.</summary>
internal enum RebootOption
{
    NormalReboot = 0,
}
