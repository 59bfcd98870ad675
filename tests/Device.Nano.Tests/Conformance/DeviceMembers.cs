using System.Collections.Frozen;

namespace Flint.Device.Nano.Tests.Conformance;

/// <summary>The types and members of one generation of the device's class libraries, read from the lists beside this file.</summary>
public sealed class DeviceMembers
{
    private readonly FrozenDictionary<string, string[]> _bases;
    private readonly FrozenSet<string> _members;

    private DeviceMembers(string name, Dictionary<string, string[]> bases, HashSet<string> members)
    {
        Name = name;
        _bases = bases.ToFrozenDictionary();
        _members = members.ToFrozenSet();
    }

    public string Name { get; }

    public int TypeCount => _bases.Count;

    public int MemberCount => _members.Count;

    /// <summary>Reads every list of Members/<paramref name="generation"/>.</summary>
    public static DeviceMembers Read(string generation)
    {
        var bases = new Dictionary<string, string[]>();
        var members = new HashSet<string>();
        foreach (string file in Directory.GetFiles(Path.Combine(Folder, generation), "*.txt").Order(StringComparer.Ordinal))
        {
            foreach (string line in File.ReadLines(file))
            {
                ReadLine(line, bases, members);
            }
        }

        return new DeviceMembers(generation, bases, members);
    }

    /// <summary>The folder of the lists in the build output.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Conformance", "Members");

    public bool HasType(string fullName) => _bases.ContainsKey(fullName);

    /// <summary>Whether <paramref name="type"/> or one of its bases declares <paramref name="member"/>, written as in the lists without parameter names.</summary>
    public bool HasMember(string type, string member)
    {
        if (_members.Contains(type + "." + member))
        {
            return true;
        }

        return _bases.TryGetValue(type, out string[]? bases) && bases.Any(one => one != type && HasMember(one, member));
    }

    private static void ReadLine(string line, Dictionary<string, string[]> bases, HashSet<string> members)
    {
        string[] modifiers = ["abstract ", "static ", "sealed ", "class ", "struct ", "interface ", "enum ", "delegate "];
        string text = line.Length < 2 ? "" : line.TrimStart()[2..];
        switch (line.TrimStart().FirstOrDefault())
        {
            case 'T':
                while (modifiers.FirstOrDefault(m => text.StartsWith(m, StringComparison.Ordinal)) is { } modifier)
                {
                    text = text[modifier.Length..];
                }

                string[] parts = text.Split(" : ");
                bases[parts[0]] = parts.Length == 1 ? [] : parts[1].Split(", ");
                break;
            case 'M' when !text.Contains('<', StringComparison.Ordinal):
                members.Add(Method(text));
                break;
            case 'F':
                members.Add(text.Split(" = ")[0].Replace(" const", "", StringComparison.Ordinal).Replace(" static", "", StringComparison.Ordinal));
                break;
            default:
                break;
        }
    }

    /// <summary>"N.T.M(int a, ref byte b) : void static [native]" becomes "N.T.M(int, ref byte) : void static".</summary>
    private static string Method(string text)
    {
        int open = text.IndexOf('(', StringComparison.Ordinal);
        int close = text.LastIndexOf(')');
        IEnumerable<string> parameters = text[(open + 1)..close]
            .Split(", ", StringSplitOptions.RemoveEmptyEntries)
            .Select(parameter => parameter[..parameter.LastIndexOf(' ')]);
        string tail = text[(close + 1)..];
        foreach (string word in new[] { " virtual", " [native]", " protected", " abstract", " override", " sealed" })
        {
            tail = tail.Replace(word, "", StringComparison.Ordinal);
        }

        return text[..open] + "(" + string.Join(", ", parameters) + ")" + tail;
    }
}
