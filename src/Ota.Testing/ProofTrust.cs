using System;
using System.Security.Cryptography;

namespace Flint.Ota.Testing;

/// <summary>The digests and checksums of a real device, and a keyed digest in the place of a signature: a proof makes millions of boots, and RSA would be most of them.</summary>
internal sealed class ProofTrust : OtaTrust, IDisposable
{
    private const int SignatureLength = 64;

    private static readonly byte[] Secret = "the key of a proof, not of a product"u8.ToArray();

    private readonly OtaTrustStore _platform = new();

    public static byte[] KeyId { get; } = "proof"u8.ToArray();

    public static byte[] Sign(byte[] message) => Signature(SHA256.HashData(message));

    public override void HashStart() => _platform.HashStart();

    public override void HashAppend(byte[] buffer, int offset, int count) => _platform.HashAppend(buffer, offset, count);

    public override void HashFinish(byte[] digest, int offset) => _platform.HashFinish(digest, offset);

    public override void Hash(byte[] buffer, int offset, int count, byte[] digest, int digestOffset) => _platform.Hash(buffer, offset, count, digest, digestOffset);

    public override uint Crc32C(uint crc, byte[] buffer, int offset, int count) => _platform.Crc32C(crc, buffer, offset, count);

    public override bool VerifySignature(
        int algorithm, byte[] digest, byte[] buffer, int keyIdOffset, int keyIdCount, int signatureOffset, int signatureCount) =>
        algorithm == OtaManifest.AlgorithmPs256
        && buffer.AsSpan(keyIdOffset, keyIdCount).SequenceEqual(KeyId)
        && buffer.AsSpan(signatureOffset, signatureCount).SequenceEqual(Signature(digest));

    public void Dispose() => _platform.Dispose();

    private static byte[] Signature(ReadOnlySpan<byte> digest)
    {
        Span<byte> message = stackalloc byte[DigestLength + Secret.Length];
        digest[..DigestLength].CopyTo(message);
        Secret.CopyTo(message[DigestLength..]);
        var signature = new byte[SignatureLength];
        SHA256.HashData(message, signature);
        signature.AsSpan(0, DigestLength).CopyTo(signature.AsSpan(DigestLength));
        return signature;
    }
}
