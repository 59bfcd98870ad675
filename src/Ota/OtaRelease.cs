using System;
using System.Collections.Generic;

namespace Flint.Ota;

/// <summary>A signed manifest and the images that it names, in memory.</summary>
public sealed class OtaRelease : IOtaArtifactSource
{
    private readonly byte[] _envelope;
    private readonly List<(byte[] Name, ReadOnlyMemory<byte> Bytes)> _artifacts = [];

    /// <summary>A release of these images, in the order of the manifest's components.</summary>
    public OtaRelease(byte[] envelope, params OtaImage[] images)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        ArgumentNullException.ThrowIfNull(images);
        _envelope = envelope;
        foreach (OtaImage image in images)
        {
            Add(image, table: true, image.Table);
            Add(image, table: false, image.Data);
        }
    }

    /// <summary>The signed manifest: what a device is offered.</summary>
    public ReadOnlyMemory<byte> Envelope => _envelope;

    /// <inheritdoc/>
    public bool TryRead(ReadOnlySpan<byte> artifact, int offset, Span<byte> destination)
    {
        foreach ((byte[] name, ReadOnlyMemory<byte> bytes) in _artifacts)
        {
            if (artifact.SequenceEqual(name))
            {
                if (offset < 0 || offset > bytes.Length - destination.Length)
                {
                    return false;
                }

                bytes.Span.Slice(offset, destination.Length).CopyTo(destination);
                return true;
            }
        }

        return false;
    }

    private void Add(OtaImage image, bool table, ReadOnlyMemory<byte> bytes)
    {
        var name = new byte[OtaRequest.ArtifactLength];
        image.WriteName(table, name);
        _artifacts.Add((name, bytes));
    }
}
