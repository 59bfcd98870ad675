using System.Diagnostics;
using System.Security.Cryptography;
using Flint.Ota;

namespace Flint.Benchmarks.Ota;

/// <summary>
/// A device with 1 MiB images on memory flash: blocks of the table as long as erase blocks, chunks of 1 KiB, frames made beforehand. Every update
/// starts from the same state blocks, so that runs are alike.
/// </summary>
internal sealed class OtaBench
{
    public const int ImageLength = 1 << 20;
    public const int ChunkLength = 1024;

    private static readonly byte[] Product = "bench"u8.ToArray();

    private readonly OtaTrust _trust;
    private readonly MemoryFlash _flash;
    private readonly OtaLayout _layout;
    private readonly byte[] _state;
    private readonly byte[] _envelope;
    private readonly byte[][] _frames;
    private readonly byte[][] _imageFrames;
    private readonly byte[] _sink = new byte[ImageLength];

    /// <param name="runningLength">The bytes of the image that runs, and is verified at start.</param>
    /// <param name="blockLength">The bytes of a block, of the table and of flash.</param>
    public OtaBench(int runningLength, int blockLength = 64 * 1024)
    {
        _flash = new MemoryFlash(4 << 20, blockLength, writeUnit: 8);
        using RSA key = RSA.Create(2048);
        var trust = new OtaTrustStore();
        trust.Add(key);
        _trust = trust;
        _layout = OtaBoardLayout.Divide(_flash, factory: false, evidence: true);
        OtaRelease first = Release(1, runningLength, blockLength, key);
        OtaRelease second = Release(2, ImageLength, blockLength, key);
        _envelope = second.Envelope.ToArray();
        Require(new OtaProvisioner(_flash, _layout, _trust).InstallFirst(first.Envelope.Span, first) == OtaStatus.Ok);
        _state = _flash.Bytes[..(2 * blockLength)].ToArray();
        Image = new byte[ImageLength];
        _frames = Rehearse(second);
        _imageFrames = _frames[^(ImageLength / ChunkLength)..];
        Require(Receive() == OtaState.Armed);
        _state.CopyTo(_flash.Bytes);
        Require(Boot().Source == OtaBootSource.Confirmed);
    }

    /// <summary>What the frames carry.</summary>
    public byte[] Image { get; }

    /// <summary>The ticks that <see cref="Receive"/> has taken so far until it was ready for the first chunk.</summary>
    public long TicksBefore { get; private set; }

    /// <summary>Starts and accepts the manifest, which <see cref="TicksBefore"/> counts; takes every chunk, verifies and switches.</summary>
    public OtaState Receive()
    {
        long start = Stopwatch.GetTimestamp();
        OtaEngine engine = StartAnew();
        engine.Offer(_envelope, 0, _envelope.Length);
        TicksBefore += Stopwatch.GetTimestamp() - start;
        foreach (byte[] frame in _frames)
        {
            engine.OnChunk(frame, 0, frame.Length);
        }

        engine.Arm();
        return engine.State;
    }

    /// <summary>Decides what to boot, which verifies the whole of the running image.</summary>
    public OtaBootDecision Boot() => Start().Boot;

    /// <summary>
    /// What the least of receivers does: a checksum of each chunk, a copy of it to its place, SHA-256 of what stands there. It erases nothing,
    /// holds no block against a table, verifies no signature and stores no state.
    /// </summary>
    public byte Floor()
    {
        uint crc = 0;
        int length = 0;
        foreach (byte[] frame in _imageFrames)
        {
            int count = frame.Length - OtaChunkFrame.HeaderLength;
            crc ^= _trust.Crc32C(0, frame, OtaChunkFrame.HeaderLength, count);
            Array.Copy(frame, OtaChunkFrame.HeaderLength, _sink, length, count);
            length += count;
        }

        return (byte)(Hash(_sink) ^ (crc & 0xFF));
    }

    /// <summary>SHA-256 of an image.</summary>
    public byte Hash() => Hash(Image);

    private static byte Hash(byte[] image)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(image, digest);
        return digest[0];
    }

    private static void Require(bool isRight)
    {
        if (!isRight)
        {
            throw new InvalidOperationException("The benchmark does not do what it measures.");
        }
    }

    private OtaEngine StartAnew()
    {
        _state.CopyTo(_flash.Bytes);
        return Start();
    }

    private OtaEngine Start()
    {
        var options = new OtaOptions(Product) { ChunkLength = ChunkLength };
        var engine = new OtaEngine(_flash, _layout, _trust, new OtaBootStage(), options);
        engine.Start();
        return engine;
    }

    private static OtaRelease Release(uint sequence, int length, int blockLength, RSA key)
    {
        var data = new byte[length];
        new Random((int)sequence).NextBytes(data);
        OtaImage image = OtaImage.Create(data, blockLength);
        byte[] payload = new OtaManifestBuilder { Product = Product, Sequence = sequence }.Add(0, "1", image).Build();
        return new OtaRelease(OtaSigner.Sign(payload, key), image);
    }

    private byte[][] Rehearse(OtaRelease release)
    {
        OtaEngine engine = StartAnew();
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
