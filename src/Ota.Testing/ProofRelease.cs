using System;
using System.Linq;

namespace Flint.Ota.Testing;

/// <summary>A release of a scenario: its images, to compare flash with, and what a server needs.</summary>
internal sealed class ProofRelease
{
    public static readonly byte[] Product = "proof"u8.ToArray();

    private ProofRelease(uint sequence, uint securityVersion, byte[][] images)
    {
        Sequence = sequence;
        SecurityVersion = securityVersion;
        Images = images;
        var builder = new OtaManifestBuilder { Product = Product, Sequence = sequence, SecurityVersion = securityVersion };
        OtaImage[] made = [.. images.Select(image => OtaImage.Create(image, OtaManifest.MinBlockSize))];
        for (int i = 0; i < made.Length; i++)
        {
            builder.Add(i, $"{sequence}.0", made[i]);
        }

        TotalBytes = images.Sum(image => image.Length) + made.Sum(image => image.Table.Length);
        Envelope = OtaSigner.Sign(builder.Build(), ProofTrust.KeyId, ProofTrust.Sign);
        Source = new OtaRelease(Envelope, made);
    }

    public uint Sequence { get; }

    public uint SecurityVersion { get; }

    public byte[][] Images { get; }

    public byte[] Envelope { get; }

    public OtaRelease Source { get; }

    /// <summary>Bytes of images and tables.</summary>
    public int TotalBytes { get; }

    /// <summary>Three releases; the third shares the first block of each image with the second and raises the security version.</summary>
    public static ProofRelease[] Three(int components, int length)
    {
        byte[][] One(uint seed, int delta) => [.. Enumerable.Range(0, components).Select(i => Noise(seed + ((uint)i * 100), length - delta - (i * 300)))];
        byte[][] second = One(2, 0);
        byte[][] third = One(3, 100);
        for (int i = 0; i < components; i++)
        {
            second[i].AsSpan(0, OtaManifest.MinBlockSize).CopyTo(third[i]);
        }

        return [new(1, 1, One(1, 500)), new(2, 1, second), new(3, 2, third)];
    }

    // Erased-looking stretches are part of it: what a lost write leaves behind must not pass for the image.
    private static byte[] Noise(uint seed, int length)
    {
        var bytes = new byte[length];
        uint state = (seed * 0x9E37) + 1;
        for (int i = 0; i < length; i++)
        {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            bytes[i] = (i / 64 % 5) switch { 1 => 0xFF, 3 => 0x00, _ => (byte)(state & 0xFF) };
        }

        return bytes;
    }
}
