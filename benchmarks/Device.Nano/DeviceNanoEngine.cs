extern alias nano;

using System.Security.Cryptography;
using Flint.Ota;
using Flint.SecureTunnel;
using Flint.Testing;
using Device = nano::Flint.Ota;
using Nano = nano::Flint.Device.Nano;

namespace Flint.Benchmarks.DeviceNano;

/// <summary>
/// The update engine as a device has it, SHA-256 in managed code, on flash in memory: steps of one chunk of 1 KiB. Where an image of 64 KiB is complete the next
/// step begins the same download again, from the flash as it was.
/// </summary>
internal sealed class DeviceNanoEngine
{
    private const int ImageLength = 64 * 1024;
    private static readonly byte[] Product = "bench"u8.ToArray();
    private readonly DeviceMemoryFlash _flash = new();
    private readonly Nano.DeviceTrust _trust;
    private readonly byte[] _envelope;
    private readonly List<byte[]> _frames = [];
    private readonly Nano.Sha256 _hash = new();
    private readonly byte[] _digest = new byte[32];
    private readonly byte[] _chunk = new byte[1024];
    private Device.OtaEngine _engine;
    private int _next;

    public DeviceNanoEngine()
    {
        using RSA key = RSA.Create(2048);
        byte[] blob = SecureTunnelPin.FromSpki(key.ExportSubjectPublicKeyInfo(), SecureTunnelKeyUsage.Signing).ExportKeyBlob();
        _trust = new Nano.DeviceTrust([Nano.RsaPublicKey.Read(blob, 0, blob.Length)!]);
        OtaImage image = OtaImage.Create(RandomNumberGenerator.GetBytes(ImageLength));
        _envelope = OtaSigner.Sign(new OtaManifestBuilder { Product = Product, Sequence = 1 }.Add(0, "1", image).Build(), key);
        var release = new OtaRelease(_envelope, image);
        _engine = Begin();
        var request = new Device.OtaRequest();
        while (_engine.TryGetRequest(request))
        {
            byte[] frame = new byte[OtaChunkFrame.HeaderLength + request.Length];
            OtaChunk.TryWrite(release, request.Artifact, request.Offset, request.Length, frame, out int written);
            _frames.Add(frame[..written]);
            _engine.OnChunk(frame, 0, written);
        }

        if (_engine.State != Device.OtaState.Verified)
        {
            throw new InvalidOperationException("The download does not end.");
        }

        Rewind();
        while (!IsComplete)
        {
            if (!Step())
            {
                throw new InvalidOperationException("A step is refused.");
            }
        }
    }

    /// <summary>One chunk into the engine; false where it is refused.</summary>
    public bool Step()
    {
        byte[] frame = _frames[_next];
        _next++;
        return _engine.TryGetRequest(_request) && _engine.OnChunk(frame, 0, frame.Length) == Device.OtaStatus.Ok;
    }

    /// <summary>Whether the image is complete, so that <see cref="Rewind"/> comes before the next step.</summary>
    public bool IsComplete => _next == _frames.Count;

    /// <summary>Begins the download again; no part of a step.</summary>
    public void Rewind()
    {
        _engine = Begin();
        _next = 0;
    }

    /// <summary>What a chunk cannot do without: SHA-256 of its bytes as they come, and once more when the block is read back.</summary>
    public byte Floor()
    {
        _hash.Start();
        _hash.Append(_chunk, 0, _chunk.Length);
        _hash.Append(_chunk, 0, _chunk.Length);
        _hash.Finish(_digest, 0);
        return _digest[0];
    }

    private readonly Device.OtaRequest _request = new();

    private Device.OtaEngine Begin()
    {
        _flash.Clear();
        var engine = new Device.OtaEngine(_flash, Device.OtaLayout.Divide(_flash, false), _trust, new Nano.NanoBoot(), new Device.OtaOptions(Product));
        engine.Start();
        engine.Offer(_envelope, 0, _envelope.Length);
        return engine;
    }
}
