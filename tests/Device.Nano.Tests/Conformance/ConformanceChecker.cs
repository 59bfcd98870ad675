using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Flint.Device.Nano.Tests.Conformance;

/// <summary>Reads the IL of an assembly and lists what the device lacks, type by type and member by member.</summary>
public sealed class ConformanceChecker
{
    private readonly MetadataReader _reader;
    private readonly PEReader _image;
    private readonly DeviceMembers[] _generations;
    private readonly AllowedMembers _allowed;
    private readonly Dictionary<string, HashSet<string>> _files;
    private readonly DeviceProject _project;
    private readonly DeviceSignatures _signatures;
    private readonly List<DeviceViolation> _violations = [];
    private string _type = "";
    private string _member = "";

    private ConformanceChecker(PEReader image, DeviceMembers[] generations, AllowedMembers allowed, Dictionary<string, HashSet<string>> files, DeviceProject project)
    {
        _image = image;
        _reader = image.GetMetadataReader();
        _generations = generations;
        _allowed = allowed;
        _files = files;
        _project = project;
        _signatures = new DeviceSignatures(Report, CheckType, CheckOwnType);
    }

    /// <summary>Every violation in the assembly file at <paramref name="path"/>, whose types the device gets from <paramref name="project"/>, without repetitions.</summary>
    public static IReadOnlyList<DeviceViolation> Check(string path, string project)
    {
        Dictionary<string, HashSet<string>> files = TypeFiles.Read(LibraryPath);
        if (path != LibraryPath)
        {
            foreach ((string type, HashSet<string> own) in TypeFiles.Read(path))
            {
                files[type] = own;
            }
        }

        using FileStream stream = File.OpenRead(path);
        using var image = new PEReader(stream);
        var checker = new ConformanceChecker(image, [DeviceMembers.Read("v1"), DeviceMembers.Read("v2")], AllowedMembers.Read(), files, DeviceProject.Read(project));
        checker.CheckAssembly();
        return [.. checker._violations.Distinct()];
    }

    /// <summary>The library as the tests load it.</summary>
    public static string LibraryPath { get; } = Path.Combine(AppContext.BaseDirectory, "Flint.Device.Nano.dll");

    private void CheckAssembly()
    {
        _type = "assembly";
        CheckAttributes(_reader.GetAssemblyDefinition().GetCustomAttributes());
        foreach (TypeDefinitionHandle handle in _reader.TypeDefinitions)
        {
            _type = DeviceSignatures.FullName(_reader, handle);
            _member = "";
            if (_allowed.Shims.TryGetValue(_type, out string? shimmed))
            {
                CheckShim(_reader.GetTypeDefinition(handle), shimmed);
            }
            else
            {
                CheckDefinition(_reader.GetTypeDefinition(handle));
            }
        }
    }

    /// <summary>A shim is not built for the device: what counts is that each member it offers is one that the device's type has.</summary>
    private void CheckShim(TypeDefinition type, string shimmed)
    {
        CheckType(shimmed);
        foreach (MethodDefinitionHandle handle in type.GetMethods())
        {
            MethodDefinition method = _reader.GetMethodDefinition(handle);
            string text = Print(_reader.GetString(method.Name), method.DecodeSignature(_signatures, null));
            foreach (DeviceMembers generation in _generations.Where(generation => !generation.HasMember(shimmed, text)))
            {
                Report(DeviceRule.AbsentMember, $"{shimmed}.{text} ({generation.Name})");
            }
        }
    }

    private void CheckDefinition(TypeDefinition type)
    {
        CheckAttributes(type.GetCustomAttributes());
        CheckHandle(type.BaseType);
        if (type.GetGenericParameters().Count > 0)
        {
            Report(DeviceRule.GenericType, _type);
        }

        foreach (InterfaceImplementationHandle handle in type.GetInterfaceImplementations())
        {
            CheckHandle(_reader.GetInterfaceImplementation(handle).Interface);
        }

        foreach (FieldDefinitionHandle handle in type.GetFields())
        {
            FieldDefinition field = _reader.GetFieldDefinition(handle);
            _member = _reader.GetString(field.Name);
            CheckAttributes(field.GetCustomAttributes());
            field.DecodeSignature(_signatures, null);
        }

        foreach (PropertyDefinitionHandle handle in type.GetProperties())
        {
            PropertyDefinition property = _reader.GetPropertyDefinition(handle);
            _member = _reader.GetString(property.Name);
            CheckAttributes(property.GetCustomAttributes());
        }

        foreach (MethodDefinitionHandle handle in type.GetMethods())
        {
            MethodDefinition method = _reader.GetMethodDefinition(handle);
            _member = _reader.GetString(method.Name);
            CheckMethod(method, (type.Attributes & TypeAttributes.Interface) != 0);
        }
    }

    private void CheckMethod(MethodDefinition method, bool inInterface)
    {
        CheckAttributes(method.GetCustomAttributes());
        foreach (ParameterHandle handle in method.GetParameters())
        {
            CheckAttributes(_reader.GetParameter(handle).GetCustomAttributes());
        }

        method.DecodeSignature(_signatures, null);
        if (method.GetGenericParameters().Count > 0)
        {
            Report(DeviceRule.GenericMethod, _member);
        }

        const MethodImplAttributes Known = MethodImplAttributes.NoInlining | MethodImplAttributes.InternalCall |
            MethodImplAttributes.Synchronized | MethodImplAttributes.CodeTypeMask;
        if ((method.ImplAttributes & ~Known) != 0)
        {
            Report(DeviceRule.MethodImplOption, (method.ImplAttributes & ~Known).ToString());
        }

        if (inInterface && (method.Attributes & MethodAttributes.Static) != 0)
        {
            Report(DeviceRule.StaticInterfaceMember, _member);
        }
        else if (inInterface && (method.Attributes & MethodAttributes.Abstract) == 0)
        {
            Report(DeviceRule.DefaultInterfaceMethod, _member);
        }

        if (method.RelativeVirtualAddress != 0)
        {
            CheckBody(_image.GetMethodBody(method.RelativeVirtualAddress));
        }
    }

    private void CheckBody(MethodBodyBlock body)
    {
        if (!body.LocalSignature.IsNil)
        {
            _reader.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(_signatures, null);
        }

        foreach (ExceptionRegion region in body.ExceptionRegions)
        {
            CheckHandle(region.CatchType);
        }

        foreach (IlInstructions.Instruction instruction in IlInstructions.Read(body.GetILBytes()!))
        {
            CheckOpcode(instruction.Code.Name!);
            if (instruction.Code.Name == "ldstr")
            {
                CheckString(_reader.GetUserString((UserStringHandle)MetadataTokens.Handle(instruction.Token)));
            }
            else if (instruction.Token != 0 && instruction.Code.Name != "calli")
            {
                CheckHandle(instruction.Handle);
            }
        }
    }

    private void CheckString(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            Report(DeviceRule.NulInString, text.Replace("\0", "\\0", StringComparison.Ordinal));
        }
    }

    private void CheckOpcode(string name)
    {
        if (name.Contains(".ovf", StringComparison.Ordinal))
        {
            Report(DeviceRule.OverflowOpcode, name);
        }

        switch (name)
        {
            case "localloc":
                Report(DeviceRule.StackAllocation, name);
                break;
            case "volatile.":
                Report(DeviceRule.VolatileAccess, name);
                break;
            case "arglist" or "cpblk" or "jmp" or "initblk" or "calli" or "ckfinite" or "mkrefany" or "refanytype" or "refanyval":
                Report(DeviceRule.UnsupportedOpcode, name);
                break;
            default:
                break;
        }
    }

    private void CheckHandle(EntityHandle handle)
    {
        if (handle.IsNil)
        {
            return;
        }

        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition:
                _signatures.GetTypeFromDefinition(_reader, (TypeDefinitionHandle)handle, 0);
                break;
            case HandleKind.MethodDefinition:
                CheckHandle(_reader.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.FieldDefinition:
                CheckHandle(_reader.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.TypeReference:
                _signatures.GetTypeFromReference(_reader, (TypeReferenceHandle)handle, 0);
                break;
            case HandleKind.TypeSpecification:
                _reader.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(_signatures, null);
                break;
            case HandleKind.MethodSpecification:
                MethodSpecification method = _reader.GetMethodSpecification((MethodSpecificationHandle)handle);
                method.DecodeSignature(_signatures, null);
                Report(DeviceRule.GenericInstantiation, "a generic method");
                CheckHandle(method.Method);
                break;
            case HandleKind.MemberReference:
                CheckMember(_reader.GetMemberReference((MemberReferenceHandle)handle));
                break;
            default:
                break;
        }
    }

    private void CheckMember(MemberReference member)
    {
        string name = _reader.GetString(member.Name);
        string text = member.GetKind() == MemberReferenceKind.Field
            ? name + " : " + member.DecodeFieldSignature(_signatures, null)
            : Print(name, member.DecodeMethodSignature(_signatures, null));
        if (member.Parent.Kind != HandleKind.TypeReference)
        {
            // A member of an array or of a generic instantiation: the parent itself is what the rules speak about.
            CheckHandle(member.Parent);
            return;
        }

        string type = DeviceSignatures.FullName(_reader, (TypeReferenceHandle)member.Parent);
        if (_allowed.HasMember(type, text))
        {
            return;
        }

        CheckHandle(member.Parent);
        foreach (DeviceMembers generation in _generations)
        {
            if (generation.HasType(type) && !generation.HasMember(type, text))
            {
                Report(DeviceRule.AbsentMember, $"{type}.{text} ({generation.Name})");
            }
        }
    }

    private static string Print(string name, MethodSignature<string> signature) =>
        $"{name}({string.Join(", ", signature.ParameterTypes)}) : {signature.ReturnType}{(signature.Header.IsInstance ? "" : " static")}";

    private void CheckAttributes(CustomAttributeHandleCollection attributes)
    {
        foreach (CustomAttributeHandle handle in attributes)
        {
            CustomAttribute attribute = _reader.GetCustomAttribute(handle);
            if (attribute.Constructor.Kind == HandleKind.MemberReference &&
                _reader.GetMemberReference((MemberReferenceHandle)attribute.Constructor) is { Parent.Kind: HandleKind.TypeReference } constructor &&
                !_allowed.HasAttribute(DeviceSignatures.FullName(_reader, (TypeReferenceHandle)constructor.Parent)))
            {
                CheckMember(constructor);
            }
        }
    }

    private void CheckType(string fullName)
    {
        foreach (DeviceMembers generation in _generations)
        {
            if (!generation.HasType(fullName) && fullName != "System.Runtime.CompilerServices.IsVolatile")
            {
                Report(DeviceRule.AbsentType, $"{fullName} ({generation.Name})");
            }
        }
    }

    /// <summary>What the project compiles must find each type of ours on the device, but for the shims, which the device's own types stand behind.</summary>
    private void CheckOwnType(string fullName)
    {
        bool isOnDevice = _files.TryGetValue(_type, out HashSet<string>? own) && own.Any(_project.Compiles);
        if (isOnDevice && !_allowed.Shims.ContainsKey(fullName) && !_files[fullName].All(_project.Loads))
        {
            Report(DeviceRule.UnloadedType, fullName);
        }
    }

    private void Report(DeviceRule rule, string what) => _violations.Add(new DeviceViolation(rule, _type, _member, what));
}
