using Flint.Ota;

namespace Flint.Quickstart;

/// <summary>
/// The releases that the gateway serves. It is where the attacker of the last step sits: whoever controls this store can change every byte in it,
/// but has no release key.
/// </summary>
internal sealed class ReleaseStore : IOtaArtifactSource
{
    private readonly Dictionary<string, (byte[] Envelope, OtaRelease Release, byte[] ImageName)> _releases = [];
    private readonly Dictionary<string, byte[]> _forged = [];

    public ReleaseStore(string folder, IEnumerable<string> versions)
    {
        foreach (string version in versions)
        {
            byte[] envelope = File.ReadAllBytes(ManifestPath(folder, version));
            OtaImage image = OtaImage.Create(File.ReadAllBytes(ImagePath(folder, version)));
            byte[] name = new byte[OtaRequest.ArtifactLength];
            image.WriteName(table: false, name);
            _releases.Add(version, (envelope, new OtaRelease(envelope, image), name));
        }
    }

    /// <summary>The byte of every image whose lowest bit is flipped on the way out, or -1.</summary>
    public long TamperedOffset { get; set; } = -1;

    public static string ManifestPath(string folder, string version) => Path.Combine(folder, "releases", version + ".manifest");

    public static string ImagePath(string folder, string version) => Path.Combine(folder, "releases", version + ".bin");

    /// <summary>The manifest as it is served: signed, or what the attacker made of it.</summary>
    public byte[] Manifest(string version) =>
        _forged.TryGetValue(version, out byte[]? forged) ? forged :
        _releases.TryGetValue(version, out var release) ? release.Envelope : throw new FlightException($"There is no release {version}.");

    /// <summary>Changes one byte of a manifest, the last of what is signed.</summary>
    public void Forge(string version)
    {
        byte[] forged = [.. Manifest(version)];
        const int SignatureLength = 256;
        forged[^(SignatureLength + 4)] ^= 1;
        _forged[version] = forged;
    }

    public bool IsImage(ReadOnlySpan<byte> artifact)
    {
        foreach (var release in _releases.Values)
        {
            if (artifact.SequenceEqual(release.ImageName))
            {
                return true;
            }
        }

        return false;
    }

    public bool TryRead(ReadOnlySpan<byte> artifact, int offset, Span<byte> destination)
    {
        foreach (var release in _releases.Values)
        {
            if (release.Release.TryRead(artifact, offset, destination))
            {
                long tampered = TamperedOffset - offset;
                if (tampered >= 0 && tampered < destination.Length && artifact.SequenceEqual(release.ImageName))
                {
                    destination[(int)tampered] ^= 1;
                }

                return true;
            }
        }

        return false;
    }
}
