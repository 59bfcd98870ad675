using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace Flint.Device.Nano.Tests.Conformance;

/// <summary>
/// Prints the types of a signature as the member lists write them (`byte[]`, `ref int`, `System.Type`) and reports on the way each
/// construct that the device lacks, each type of the platform and each type of ours.
/// </summary>
internal sealed class DeviceSignatures(Action<DeviceRule, string> report, Action<string> referenced, Action<string> referencedOwn) : ISignatureTypeProvider<string, object?>
{
    public string GetPrimitiveType(PrimitiveTypeCode typeCode)
    {
        if (typeCode == PrimitiveTypeCode.TypedReference)
        {
            report(DeviceRule.UnsupportedOpcode, "a typed reference");
        }

        return typeCode switch
        {
            PrimitiveTypeCode.Boolean => "bool",
            PrimitiveTypeCode.Char => "char",
            PrimitiveTypeCode.SByte => "sbyte",
            PrimitiveTypeCode.Byte => "byte",
            PrimitiveTypeCode.Int16 => "short",
            PrimitiveTypeCode.UInt16 => "ushort",
            PrimitiveTypeCode.Int32 => "int",
            PrimitiveTypeCode.UInt32 => "uint",
            PrimitiveTypeCode.Int64 => "long",
            PrimitiveTypeCode.UInt64 => "ulong",
            PrimitiveTypeCode.Single => "float",
            PrimitiveTypeCode.Double => "double",
            PrimitiveTypeCode.String => "string",
            PrimitiveTypeCode.Object => "object",
            PrimitiveTypeCode.Void => "void",
            _ => typeCode.ToString(),
        };
    }

    public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
    {
        string name = FullName(reader, handle);
        if (name.StartsWith("System.ValueTuple", StringComparison.Ordinal))
        {
            report(DeviceRule.Tuple, name);
        }
        else if (IsOfLibrary(reader, handle))
        {
            referencedOwn(name);
        }
        else
        {
            referenced(name);
        }

        return name;
    }

    public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
    {
        string name = FullName(reader, handle);
        referencedOwn(name);
        return name;
    }

    public string GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

    public string GetSZArrayType(string elementType) => elementType + "[]";

    public string GetByReferenceType(string elementType) => "ref " + elementType;

    public string GetArrayType(string elementType, ArrayShape shape)
    {
        string text = $"{elementType}[{new string(',', shape.Rank - 1)}]";
        report(DeviceRule.MultiDimensionalArray, text);
        return text;
    }

    public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments)
    {
        string text = $"{genericType}<{string.Join(", ", typeArguments)}>";
        report(DeviceRule.GenericInstantiation, text);
        return text;
    }

    public string GetGenericMethodParameter(object? genericContext, int index) => "!!" + index;

    public string GetGenericTypeParameter(object? genericContext, int index) => "!" + index;

    public string GetPointerType(string elementType)
    {
        report(DeviceRule.Pointer, elementType + "*");
        return elementType + "*";
    }

    public string GetFunctionPointerType(MethodSignature<string> signature)
    {
        report(DeviceRule.Pointer, "a function pointer");
        return "delegate*";
    }

    public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired)
    {
        if (modifier == "System.Runtime.CompilerServices.IsVolatile")
        {
            report(DeviceRule.VolatileAccess, "volatile " + unmodifiedType);
        }

        return unmodifiedType;
    }

    public string GetPinnedType(string elementType)
    {
        report(DeviceRule.PinnedLocal, elementType);
        return elementType;
    }

    public static string FullName(MetadataReader reader, TypeReferenceHandle handle)
    {
        TypeReference type = reader.GetTypeReference(handle);
        string name = reader.GetString(type.Name);
        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? FullName(reader, (TypeReferenceHandle)type.ResolutionScope) + "+" + name
            : Qualify(reader.GetString(type.Namespace), name);
    }

    public static string FullName(MetadataReader reader, TypeDefinitionHandle handle)
    {
        TypeDefinition type = reader.GetTypeDefinition(handle);
        string name = reader.GetString(type.Name);
        return type.GetDeclaringType().IsNil
            ? Qualify(reader.GetString(type.Namespace), name)
            : FullName(reader, type.GetDeclaringType()) + "+" + name;
    }

    /// <summary>Whether it is a type of the library, which a program for the device loads beside itself, and which is checked by itself.</summary>
    private static bool IsOfLibrary(MetadataReader reader, TypeReferenceHandle handle)
    {
        EntityHandle scope = reader.GetTypeReference(handle).ResolutionScope;
        return scope.Kind == HandleKind.TypeReference
            ? IsOfLibrary(reader, (TypeReferenceHandle)scope)
            : scope.Kind == HandleKind.AssemblyReference && reader.GetString(reader.GetAssemblyReference((AssemblyReferenceHandle)scope).Name) == "Flint.Device.Nano";
    }

    private static string Qualify(string scope, string name) => scope.Length == 0 ? name : scope + "." + name;
}
