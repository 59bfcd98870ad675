using System.Security.Cryptography;
using Flint.Ota;

namespace Flint.Benchmarks.Ota;

/// <summary>
/// A device with 1 MiB images on memory flash: blocks and erase blocks of 16 KiB, chunks of 1 KiB, frames made beforehand. Every run starts from
/// the same state blocks, so that runs are alike.
/// </summary>
internal sealed class OtaBench
{
    public const int ImageLength = 1 << 20;
    public const int ChunkLength = 1024;

    private const int BlockLength = 16 * 1024;

    private static readonly byte[] Product = "bench"u8.ToArray();

    private readonly OtaTrust _trust;
    private readonly MemoryFlash _flash = new(4 << 20, BlockLength, writeUnit: 8);
    private readonly OtaLayout _layout;
    private readonly byte[] _state;
    private readonly byte[] _envelope;
    private readonly byte[][] _frames;
    private readonly byte[] _sink = new byte[ImageLength];

    /// <param name="runningLength">The bytes of the image that runs, and is verified at start.</param>
    public OtaBench(int runningLength)
    {
        using RSA key = RSA.Create(2048);
        var trust = new OtaTrustStore();
        trust.Add(key);
        _trust = trust;
        _layout = OtaLayout.Divide(_flash, factory: false, evidence: true);
        OtaRelease first = Release(1, runningLength, key);
        OtaRelease second = Release(2, ImageLength, key);
        _envelope = second.Envelope.ToArray();
        Require(new OtaProvisioner(_flash, _layout, _trust).InstallFirst(first.Envelope.Span, first) == OtaStatus.Ok);
        _state = _flash.Bytes[..(2 * BlockLength)].ToArray();
        Image = new byte[ImageLength];
        _frames = Rehearse(second);
        Require(Receive() == OtaState.Armed);
        Require(Boot().Source == OtaBootSource.Confirmed);
    }

    /// <summary>What the frames carry.</summary>
    public byte[] Image { get; }

    /// <summary>Starts, accepts the manifest, takes every chunk, verifies and switches.</summary>
    public OtaState Receive()
    {
        OtaEngine engine = Start();
        engine.Offer(_envelope, 0, _envelope.Length);
        foreach (byte[] frame in _frames)
        {
            engine.OnChunk(frame, 0, frame.Length);
        }

        engine.Arm();
        return engine.State;
    }

    /// <summary>Decides what to boot, which verifies the whole of the running image.</summary>
    public OtaBootDecision Boot() => Start().Boot;

    /// <summary>What cannot be done without: SHA-256 of the image, a checksum of each chunk, one copy.</summary>
    public byte Floor()
    {
        uint crc = 0;
        foreach (byte[] frame in _frames)
        {
            crc ^= _trust.Crc32C(0, frame, OtaChunkFrame.HeaderLength, frame.Length - OtaChunkFrame.HeaderLength);
        }

        Image.CopyTo(_sink, 0);
        return (byte)(Hash() ^ (crc & 0xFF));
    }

    /// <summary>SHA-256 of an image.</summary>
    public byte Hash()
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Image, digest);
        return digest[0];
    }

    private static void Require(bool isRight)
    {
        if (!isRight)
        {
            throw new InvalidOperationException("The benchmark does not do what it measures.");
        }
    }

    private OtaEngine Start()
    {
        _state.CopyTo(_flash.Bytes);
        var options = new OtaOptions(Product) { ChunkLength = ChunkLength, BufferLength = BlockLength };
        var engine = new OtaEngine(_flash, _layout, _trust, new OtaBootStage(), options);
        engine.Start();
        return engine;
    }

    private static OtaRelease Release(uint sequence, int length, RSA key)
    {
        var data = new byte[length];
        new Random((int)sequence).NextBytes(data);
        OtaImage image = OtaImage.Create(data, BlockLength);
        byte[] payload = new OtaManifestBuilder { Product = Product, Sequence = sequence }.Add(0, "1", image).Build();
        return new OtaRelease(OtaSigner.Sign(payload, key), image);
    }

    private byte[][] Rehearse(OtaRelease release)
    {
        OtaEngine engine = Start();
        Require(engine.Offer(_envelope, 0, _envelope.Length) == OtaStatus.Ok);
        var frames = new List<byte[]>();
        var request = new OtaRequest();
        var frame = new byte[OtaChunkFrame.HeaderLength + ChunkLength];
        while (engine.TryGetRequest(request))
        {
            Require(OtaChunk.TryWrite(release, request.Artifact, request.Offset, request.Length, frame, out int written));
            Require(engine.OnChunk(frame, 0, written) == OtaStatus.Ok);
            frames.Add(frame[..written]);
            if (!request.IsTable)
            {
                frame.AsSpan(OtaChunkFrame.HeaderLength, request.Length).CopyTo(Image.AsSpan(request.Offset));
            }
        }

        return [.. frames];
    }
}
