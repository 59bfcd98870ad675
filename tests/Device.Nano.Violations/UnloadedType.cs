using Flint.Ota;

namespace Flint.Device.Nano.Violations;

/// <summary>Each way to a type that the device does not load with the project of this folder.</summary>
public class UnloadedType
{
    public NotForTheDevice? Held;

    public static int Read() => NotForTheDevice.Count;

    public static void Call() => NotForTheDevice.Run();

    public static object Make() => new NotForTheDevice();

    public static object Authoring() => DeviceBundleWriter.Write("N.T", []);

    public static object Part() => new P256();

    public static OtaLayout PartOfTheEngine(OtaFlash flash) => OtaBoardLayout.Divide(flash, factory: false, evidence: true);

    public class Base : NotForTheDevice
    {
    }
}
