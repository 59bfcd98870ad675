namespace Flint.Device.Nano.Violations;

/// <summary>It is in no list of nano/: code for .NET, beside code for the device.</summary>
public class NotForTheDevice
{
    public static int Count;

    public static void Run()
    {
    }
}
