namespace Flint.Ota;

/// <summary>Bytes that the engine wants: a range of an artifact, by the artifact's name. Filled by <see cref="OtaEngine.TryGetRequest"/>.</summary>
public sealed class OtaRequest
{
    /// <summary>The bytes of an artifact's name.</summary>
    public const int ArtifactLength = 8;

    /// <summary>An empty request, to be filled.</summary>
    public OtaRequest()
    {
        Artifact = new byte[ArtifactLength];
    }

    /// <summary>The artifact's name: 8 bytes, docs/spec/ota.md section 7.1.</summary>
    public readonly byte[] Artifact;

    /// <summary>Where in the artifact the range starts.</summary>
    public int Offset;

    /// <summary>The bytes of the range.</summary>
    public int Length;

    /// <summary>The component that the artifact belongs to, by its place in the manifest.</summary>
    public int Component;

    /// <summary>Whether the artifact is the component's block table rather than its image.</summary>
    public bool IsTable;

    /// <summary>
    /// Whom to ask, where several serve the same artifacts: 0 first, one more each time that this part came wrong.
    /// </summary>
    public int Source;
}
