namespace Flint.Ota;

/// <summary>
/// A manifest as it lies in a buffer: the fields, and where its strings are. It is filled again and again and never allocates.
/// </summary>
/// <remarks>
/// docs/spec/ota.md section 5. The envelope is a COSE_Sign1 (RFC 9052 section 4.2): tag 18, an array of the protected header
/// {1: algorithm, 4: key identifier}, an empty map, the payload and the signature. Reading does not verify: see <see cref="VerifySignature"/>.
/// </remarks>
public sealed partial class OtaManifest
{
    /// <summary>The most bytes of an envelope.</summary>
    public const int MaxEnvelopeLength = 1024;

    /// <summary>The smallest block that a table describes.</summary>
    public const int MinBlockSize = 1024;

    /// <summary>The block size of a manifest that nobody tuned.</summary>
    public const int DefaultBlockSize = 4096;

    /// <summary>The largest block that a table describes.</summary>
    public const int MaxBlockSize = 65536;

    /// <summary>The bytes that a block table holds for each block: the first half of the block's SHA-256.</summary>
    public const int TableEntryLength = 16;

    /// <summary>The COSE algorithm of the signature: PS256, RSA-PSS with SHA-256.</summary>
    public const int AlgorithmPs256 = -37;

    private readonly OtaCborReader _reader;
    private readonly OtaManifestComponent[] _components;
    private int _protectedStart;
    private int _protectedEnd;
    private int _payloadStart;

    /// <summary>An empty manifest, to be filled by <see cref="TryRead"/>.</summary>
    public OtaManifest()
    {
        Buffer = new byte[0];
        _reader = new OtaCborReader();
        _components = new OtaManifestComponent[OtaLayout.MaxComponents];
        for (int i = 0; i < _components.Length; i++)
        {
            _components[i] = new OtaManifestComponent();
        }
    }

    /// <summary>The buffer that the offsets point into: the one given to <see cref="TryRead"/>, not a copy.</summary>
    public byte[] Buffer;

    /// <summary>Orders the manifests of a product; an update has to be above what is confirmed.</summary>
    public uint Sequence;

    /// <summary>What the anti-rollback floor becomes when this manifest is confirmed, and what is compared with it.</summary>
    public uint SecurityVersion;

    /// <summary>Where the product's name starts.</summary>
    public int ProductOffset;

    /// <summary>Its bytes, 1 to 16.</summary>
    public int ProductCount;

    /// <summary>The first hardware revision that the images fit.</summary>
    public int HardwareMin;

    /// <summary>The last hardware revision that the images fit.</summary>
    public int HardwareMax;

    /// <summary>The components of the set, 1 to 4.</summary>
    public int ComponentCount;

    /// <summary>Seconds since 1970 after which the manifest is not accepted; 0 where it does not expire.</summary>
    public uint Expires;

    /// <summary>Trial boots before the device rolls back, 1 to 15.</summary>
    public int Attempts;

    /// <summary>Whether a sequence that is not above the confirmed one is accepted; the floor holds all the same.</summary>
    public bool AllowDowngrade;

    /// <summary>Whether images that were rejected before are accepted again.</summary>
    public bool RetryRejected;

    /// <summary>Seconds that a trial may take before the program should reject it; 0 where the manifest does not say. For the program to act on.</summary>
    public uint ConfirmWithin;

    /// <summary>The self-tests that the trial has to pass, as the program numbers them; 0 where the manifest does not say. For the program to act on.</summary>
    public uint SelfTests;

    /// <summary>Where the deployment's name starts.</summary>
    public int DeploymentOffset;

    /// <summary>Its bytes: 8, or 0 where there is none.</summary>
    public int DeploymentCount;

    /// <summary>Where the name of the one device starts that the manifest is for.</summary>
    public int DeviceOffset;

    /// <summary>Its bytes: 1 to 32, or 0 where the manifest is for every device of the product.</summary>
    public int DeviceCount;

    /// <summary>The signature's COSE algorithm.</summary>
    public int Algorithm;

    /// <summary>Where the key identifier starts.</summary>
    public int KeyIdOffset;

    /// <summary>Its bytes, 1 to 16.</summary>
    public int KeyIdCount;

    /// <summary>Where the payload starts, the map of the fields.</summary>
    public int PayloadOffset;

    /// <summary>Its bytes.</summary>
    public int PayloadCount;

    /// <summary>Where the signature starts.</summary>
    public int SignatureOffset;

    /// <summary>Its bytes.</summary>
    public int SignatureCount;

    /// <summary>A component, by its place.</summary>
    public OtaManifestComponent Component(int index)
    {
        return _components[index];
    }

    /// <summary>Reads an envelope and its payload; on any status but <see cref="OtaStatus.Ok"/> the fields mean nothing.</summary>
    public OtaStatus TryRead(byte[] buffer, int offset, int count)
    {
        Buffer = buffer;
        ComponentCount = 0;
        if (count > MaxEnvelopeLength)
        {
            return OtaStatus.ManifestTooLong;
        }

        _reader.Start(buffer, offset, count);
        ReadEnvelope();
        if (_reader.Status == OtaStatus.Ok && !_reader.AtEnd)
        {
            _reader.Fail(OtaStatus.ManifestTrailingBytes);
        }

        if (_reader.Status == OtaStatus.Ok)
        {
            ReadPart(_protectedStart, _protectedEnd, true);
        }

        if (_reader.Status == OtaStatus.Ok)
        {
            ReadPart(PayloadOffset, PayloadOffset + PayloadCount, false);
        }

        return _reader.Status;
    }

    /// <summary>Computes the manifest's digest, its name everywhere: SHA-256 of the payload, so that signing again changes nothing.</summary>
    public void ComputeDigest(OtaTrust trust, byte[] digest, int offset)
    {
        trust.HashStart();
        trust.HashAppend(Buffer, PayloadOffset, PayloadCount);
        trust.HashFinish(digest, offset);
    }

    /// <summary>Computes the digest of the set of images, by which "the same firmware" is known: SHA-256 of the components' digests in order.</summary>
    public void ComputeSetDigest(OtaTrust trust, byte[] digest, int offset)
    {
        trust.HashStart();
        for (int i = 0; i < ComponentCount; i++)
        {
            trust.HashAppend(Buffer, _components[i].DigestOffset, OtaTrust.DigestLength);
        }

        trust.HashFinish(digest, offset);
    }

    /// <summary>Whether the signature is good under a trusted key.</summary>
    /// <param name="trust">The keys.</param>
    /// <param name="scratch">At least 32 bytes, overwritten.</param>
    public bool VerifySignature(OtaTrust trust, byte[] scratch)
    {
        // RFC 9052 section 4.4: ["Signature1", protected header, external data (none), payload]. Both strings lie in the envelope with their heads.
        trust.HashStart();
        scratch[0] = Array4;
        scratch[1] = (byte)(Text0 + SignatureContext.Length);
        for (int i = 0; i < SignatureContext.Length; i++)
        {
            scratch[2 + i] = (byte)SignatureContext[i];
        }

        trust.HashAppend(scratch, 0, 2 + SignatureContext.Length);
        trust.HashAppend(Buffer, _protectedStart - 1, _protectedEnd - _protectedStart + 1);
        scratch[0] = Bytes0;
        trust.HashAppend(scratch, 0, 1);
        trust.HashAppend(Buffer, _payloadStart, PayloadOffset + PayloadCount - _payloadStart);
        trust.HashFinish(scratch, 0);
        return trust.VerifySignature(Algorithm, scratch, Buffer, KeyIdOffset, KeyIdCount, SignatureOffset, SignatureCount);
    }

    // Heads of CBOR (RFC 8949 section 3): an array of four, a text, a byte string, both of no length.
    private const byte Array4 = 0x84;
    private const byte Text0 = 0x60;
    private const byte Bytes0 = 0x40;
    private const string SignatureContext = "Signature1";
}
