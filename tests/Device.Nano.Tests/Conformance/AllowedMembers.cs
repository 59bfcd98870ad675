namespace Flint.Device.Nano.Tests.Conformance;

/// <summary>Members/allowed.txt: what the compiler chooses on .NET and would choose otherwise, or leave out, on the device.</summary>
public sealed class AllowedMembers
{
    private readonly Dictionary<string, string> _deviceMembers = [];
    private readonly Dictionary<string, string> _shims = [];

    private AllowedMembers()
    {
    }

    /// <summary>Each entry: the text on .NET, and the device's member or "-".</summary>
    public IReadOnlyDictionary<string, string> Entries => _deviceMembers;

    /// <summary>Types of ours that stand for a type of the device where the code is built for .NET.</summary>
    public IReadOnlyDictionary<string, string> Shims => _shims;

    public static AllowedMembers Read()
    {
        var allowed = new AllowedMembers();
        foreach (string line in File.ReadLines(Path.Combine(DeviceMembers.Folder, "allowed.txt")))
        {
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            string[] entry = line.Split(" # ");
            string[] sides = entry[0].Split(" => ");
            Assert.True(entry.Length == 2 && sides.Length == 2, $"An entry is `member => member # reason`: {line}");
            if (sides[0].StartsWith("shim ", StringComparison.Ordinal))
            {
                allowed._shims.Add(sides[0]["shim ".Length..], sides[1]);
            }
            else
            {
                allowed._deviceMembers.Add(sides[0], sides[1]);
            }
        }

        return allowed;
    }

    public bool HasMember(string type, string member) => _deviceMembers.ContainsKey(type + "." + member);

    public bool HasAttribute(string type) => _deviceMembers.ContainsKey("attribute " + type);
}
