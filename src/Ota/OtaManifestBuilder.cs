using System;
using System.Collections.Generic;

namespace Flint.Ota;

/// <summary>Writes the payload of a manifest: what <see cref="OtaSigner"/> signs and a device reads with <see cref="OtaManifest"/>.</summary>
/// <remarks>docs/spec/ota.md section 5.2.</remarks>
public sealed class OtaManifestBuilder
{
    private readonly List<(int Id, string Version, OtaImage Image)> _components = [];

    /// <summary>The product, 1 to 16 bytes.</summary>
    public required ReadOnlyMemory<byte> Product { get; init; }

    /// <summary>Orders the manifests of a product.</summary>
    public required uint Sequence { get; init; }

    /// <summary>What the anti-rollback floor becomes when the update is confirmed.</summary>
    public uint SecurityVersion { get; init; }

    /// <summary>The first hardware revision that the images fit, 0 to 65535.</summary>
    public int HardwareMin { get; init; }

    /// <summary>The last hardware revision that the images fit, 0 to 65535.</summary>
    public int HardwareMax { get; init; } = ushort.MaxValue;

    /// <summary>After this the manifest is not accepted by a device that knows the time.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Trial boots before the device rolls back, 1 to 15.</summary>
    public int Attempts { get; init; } = 3;

    /// <summary>Whether a sequence that is not above the confirmed one is accepted.</summary>
    public bool AllowDowngrade { get; init; }

    /// <summary>Whether images that a device rejected before are tried again.</summary>
    public bool RetryRejected { get; init; }

    /// <summary>Seconds that a trial may take; 0 leaves it out.</summary>
    public uint ConfirmWithin { get; init; }

    /// <summary>The self-tests that a trial has to pass, as the program numbers them; 0 leaves them out.</summary>
    public uint SelfTests { get; init; }

    /// <summary>The deployment, 8 bytes, or none.</summary>
    public ReadOnlyMemory<byte> Deployment { get; init; }

    /// <summary>The one device that the manifest is for, 1 to 32 bytes, or none.</summary>
    public ReadOnlyMemory<byte> Device { get; init; }

    /// <summary>Adds a component; they stand in ascending order of their numbers.</summary>
    /// <param name="id">0 to 65535, for example 0 the application and 1 the radio.</param>
    /// <param name="version">For people: up to 32 printable ASCII characters without spaces.</param>
    /// <param name="image">The image.</param>
    public OtaManifestBuilder Add(int id, string version, OtaImage image)
    {
        _components.Add((id, version, image));
        return this;
    }

    /// <summary>The payload, in deterministic CBOR.</summary>
    /// <exception cref="InvalidOperationException">A device would refuse it: the message gives the status.</exception>
    public byte[] Build()
    {
        var writer = new OtaCborWriter();
        writer.Map(7 + (Expires is null ? 0 : 1) + (Deployment.IsEmpty ? 0 : 1) + (Device.IsEmpty ? 0 : 1));
        writer.Unsigned(1).Unsigned(1);
        writer.Unsigned(2).Unsigned(Sequence);
        writer.Unsigned(3).Unsigned(SecurityVersion);
        writer.Unsigned(4).Bytes(Product.Span);
        writer.Unsigned(5).Array(2).Unsigned((ulong)HardwareMin).Unsigned((ulong)HardwareMax);
        writer.Unsigned(6).Array(_components.Count);
        foreach ((int id, string version, OtaImage image) in _components)
        {
            WriteComponent(writer, id, version, image);
        }

        if (Expires is { } expires)
        {
            writer.Unsigned(7).Unsigned((ulong)expires.ToUnixTimeSeconds());
        }

        WritePolicy(writer.Unsigned(8));
        if (!Deployment.IsEmpty)
        {
            writer.Unsigned(9).Bytes(Deployment.Span);
        }

        if (!Device.IsEmpty)
        {
            writer.Unsigned(10).Bytes(Device.Span);
        }

        return Checked(writer.ToArray());
    }

    private static void WriteComponent(OtaCborWriter writer, int id, string version, OtaImage image)
    {
        writer.Map(7);
        writer.Unsigned(1).Unsigned((ulong)id);
        writer.Unsigned(2).Text(version);
        writer.Unsigned(3).Unsigned((ulong)image.Data.Length);
        writer.Unsigned(4).Unsigned(1);
        writer.Unsigned(5).Bytes(image.Digest.Span);
        writer.Unsigned(6).Unsigned((ulong)image.BlockSize);
        writer.Unsigned(7).Unsigned(image.Crc);
    }

    private void WritePolicy(OtaCborWriter writer)
    {
        int pairs = 1 + (AllowDowngrade ? 1 : 0) + (RetryRejected ? 1 : 0) + (ConfirmWithin > 0 ? 1 : 0) + (SelfTests > 0 ? 1 : 0);
        writer.Map(pairs).Unsigned(1).Unsigned((ulong)Attempts);
        if (AllowDowngrade)
        {
            writer.Unsigned(2).Boolean(true);
        }

        if (RetryRejected)
        {
            writer.Unsigned(3).Boolean(true);
        }

        if (ConfirmWithin > 0)
        {
            writer.Unsigned(4).Unsigned(ConfirmWithin);
        }

        if (SelfTests > 0)
        {
            writer.Unsigned(5).Unsigned(SelfTests);
        }
    }

    // The device's own reader is the judge, over an envelope with a signature of the largest size in use.
    private static byte[] Checked(byte[] payload)
    {
        byte[] envelope = OtaSigner.Envelope(payload, new byte[8], new byte[384]);
        OtaStatus status = new OtaManifest().TryRead(envelope, 0, envelope.Length);
        return status == OtaStatus.Ok ? payload : throw new InvalidOperationException($"A device would refuse this manifest: {status}.");
    }
}
