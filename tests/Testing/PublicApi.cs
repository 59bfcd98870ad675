using System.Reflection;
using System.Text;

namespace Flint.Testing;

/// <summary>Prints the public surface of an assembly, one member a line, sorted: what Api tests compare with PublicApi.txt.</summary>
public static class PublicApi
{
    /// <summary>
    /// Compares the surface of <paramref name="assembly"/> with the file beside the test project; where FLINT_ACCEPT_API=1, writes the file instead.
    /// </summary>
    /// <returns>An empty string where both agree, otherwise the lines that differ.</returns>
    public static string Difference(Assembly assembly, string committedFile)
    {
        string actual = Print(assembly);
        if (Environment.GetEnvironmentVariable("FLINT_ACCEPT_API") == "1")
        {
            File.WriteAllText(committedFile, actual);
        }

        string[] expected = File.Exists(committedFile) ? File.ReadAllLines(committedFile) : [];
        string[] lines = actual.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> removed = expected.Except(lines).Select(line => "- " + line);
        IEnumerable<string> added = lines.Except(expected).Select(line => "+ " + line);
        return string.Join('\n', removed.Concat(added));
    }

    /// <summary>The public and protected members of every exported type of <paramref name="assembly"/>.</summary>
    public static string Print(Assembly assembly)
    {
        var lines = new List<string>();
        foreach (Type type in assembly.GetExportedTypes())
        {
            lines.Add($"{Kind(type)} {Name(type)}{Bases(type)}");
            const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
            foreach (MemberInfo member in type.GetMembers(Declared))
            {
                if (Describe(member) is string text)
                {
                    lines.Add($"{Name(type)}.{text}");
                }
            }
        }

        lines.Sort(StringComparer.Ordinal);
        return string.Join('\n', lines) + "\n";
    }

    private static string Kind(Type type) =>
        type.IsEnum ? "enum" : type.IsInterface ? "interface" : typeof(Delegate).IsAssignableFrom(type) ? "delegate" :
        type.IsValueType ? "struct" : type.IsAbstract && type.IsSealed ? "static class" : type.IsAbstract ? "abstract class" :
        type.IsSealed ? "sealed class" : "class";

    private static string Bases(Type type)
    {
        IEnumerable<Type> bases = type.IsEnum ? [Enum.GetUnderlyingType(type)] :
            (type.BaseType is { } b && b != typeof(object) && b != typeof(ValueType) ? new[] { b } : []).Concat(type.GetInterfaces().Where(i => i.IsVisible));
        string text = string.Join(", ", bases.Select(Name).Order(StringComparer.Ordinal));
        return text.Length == 0 ? "" : " : " + text;
    }

    private static string? Describe(MemberInfo member) => member switch
    {
        FieldInfo { IsSpecialName: false } f when f.IsPublic || f.IsFamily || f.IsFamilyOrAssembly =>
            f.IsLiteral ? $"{f.Name} = {f.GetRawConstantValue()}" : $"{(f.IsStatic ? "static " : "")}{(f.IsInitOnly ? "readonly " : "")}{Name(f.FieldType)} {f.Name}",
        ConstructorInfo c when Visible(c) && !c.IsStatic => $".ctor({Parameters(c)})",
        MethodInfo m when Visible(m) && (!m.IsSpecialName || m.Name.StartsWith("op_", StringComparison.Ordinal)) =>
            $"{(m.IsStatic ? "static " : "")}{Name(m.ReturnType)} {m.Name}{Generics(m)}({Parameters(m)})",
        PropertyInfo p => Property(p),
        EventInfo e when e.AddMethod is { } add && Visible(add) => $"event {Name(e.EventHandlerType!)} {e.Name}",
        _ => null,
    };

    private static string? Property(PropertyInfo p)
    {
        string accessors = (p.GetMethod is { } get && Visible(get) ? " get;" : "") + (p.SetMethod is { } set && Visible(set) ? (IsInit(set) ? " init;" : " set;") : "");
        bool isStatic = (p.GetMethod ?? p.SetMethod)!.IsStatic;
        return accessors.Length == 0 ? null : $"{(isStatic ? "static " : "")}{Name(p.PropertyType)} {p.Name} {{{accessors} }}";
    }

    private static bool IsInit(MethodInfo set) => set.ReturnParameter.GetRequiredCustomModifiers().Length > 0;

    private static bool Visible(MethodBase m) => m.IsPublic || m.IsFamily || m.IsFamilyOrAssembly;

    private static string Generics(MethodInfo m) =>
        m.IsGenericMethodDefinition ? $"<{string.Join(", ", m.GetGenericArguments().Select(a => a.Name))}>" : "";

    private static string Parameters(MethodBase m) =>
        string.Join(", ", m.GetParameters().Select(p => $"{(p.IsOut ? "out " : p.ParameterType.IsByRef ? "ref " : "")}{Name(p.ParameterType)} {p.Name}"));

    private static string Name(Type type)
    {
        if (type.IsByRef || type.IsPointer)
        {
            return Name(type.GetElementType()!);
        }

        if (type.IsArray)
        {
            return Name(type.GetElementType()!) + "[]";
        }

        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        string full = (type.IsNested ? Name(type.DeclaringType!) + "." : type.Namespace + ".") + type.Name;
        if (!type.IsGenericType)
        {
            return full;
        }

        var text = new StringBuilder(full.Split('`')[0]);
        return text.Append('<').AppendJoin(", ", type.GetGenericArguments().Select(Name)).Append('>').ToString();
    }
}
