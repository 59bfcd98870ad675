using System.Text.Json;

namespace Flint.Quickstart;

/// <summary>What the gateway carries: its tunnel key and the devices it knows. It has no release key: it can serve firmware, not make it.</summary>
internal sealed record ServerSettings(string TunnelKey, Dictionary<string, byte[]> Devices, string[] Releases)
{
    private const string FileName = "server.json";

    public static ServerSettings Load(string folder) =>
        JsonSerializer.Deserialize<ServerSettings>(File.ReadAllBytes(Path.Combine(folder, "server", FileName)))
        ?? throw new InvalidDataException($"{FileName} is empty.");

    public void Save(string folder) => File.WriteAllBytes(Path.Combine(folder, "server", FileName), JsonSerializer.SerializeToUtf8Bytes(this));
}
