extern alias nano;

using System.Reflection;
using System.Reflection.Emit;
using nano::Flint.Device.Nano;

namespace Flint.Integration.Tests.Support;

/// <summary>An assembly that the runtime takes and whose application throws as it is set up.</summary>
internal static class FaultyApplication
{
    public const string EntryType = "Faulty.Application";

    public static byte[] Create()
    {
        var assembly = new PersistedAssemblyBuilder(new AssemblyName("Faulty"), typeof(object).Assembly);
        TypeBuilder type = assembly.DefineDynamicModule("Faulty").DefineType(EntryType, TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed);
        ILGenerator setup = type.DefineMethod("Setup", MethodAttributes.Public | MethodAttributes.Static, typeof(void), [typeof(DeviceAgent)]).GetILGenerator();
        setup.Emit(OpCodes.Newobj, typeof(InvalidOperationException).GetConstructor([])!);
        setup.Emit(OpCodes.Throw);
        type.CreateType();
        using var file = new MemoryStream();
        assembly.Save(file);
        return file.ToArray();
    }
}
