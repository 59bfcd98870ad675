using System;
using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Flint.Ota.Testing;

/// <summary>Real SHA-256, and a keyed digest in the place of a signature: a proof makes millions of boots, and RSA would be most of them.</summary>
internal sealed class ProofTrust : OtaTrust, IDisposable
{
    private const int SignatureLength = 64;

    private static readonly byte[] Secret = "the key of a proof, not of a product"u8.ToArray();

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _isOpen;

    public static byte[] KeyId { get; } = "proof"u8.ToArray();

    public static byte[] Sign(byte[] message) => Signature(SHA256.HashData(message));

    public override void HashStart()
    {
        if (_isOpen)
        {
            Span<byte> nowhere = stackalloc byte[DigestLength];
            _hash.GetHashAndReset(nowhere);
        }

        _isOpen = true;
    }

    public override void HashAppend(byte[] buffer, int offset, int count) => _hash.AppendData(buffer, offset, count);

    public override void HashFinish(byte[] digest, int offset)
    {
        _hash.GetHashAndReset(digest.AsSpan(offset, DigestLength));
        _isOpen = false;
    }

    public override void Hash(byte[] buffer, int offset, int count, byte[] digest, int digestOffset) =>
        SHA256.HashData(buffer.AsSpan(offset, count), digest.AsSpan(digestOffset, DigestLength));

    // The processor's instruction, word by word: a table would be a third of a proof.
    public override uint Crc32C(uint crc, byte[] buffer, int offset, int count)
    {
        uint value = ~crc;
        ReadOnlySpan<byte> bytes = buffer.AsSpan(offset, count);
        while (bytes.Length >= sizeof(ulong))
        {
            value = BitOperations.Crc32C(value, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte one in bytes)
        {
            value = BitOperations.Crc32C(value, one);
        }

        return ~value;
    }

    public override bool VerifySignature(
        int algorithm, byte[] digest, byte[] buffer, int keyIdOffset, int keyIdCount, int signatureOffset, int signatureCount) =>
        algorithm == OtaManifest.AlgorithmPs256
        && buffer.AsSpan(keyIdOffset, keyIdCount).SequenceEqual(KeyId)
        && buffer.AsSpan(signatureOffset, signatureCount).SequenceEqual(Signature(digest));

    public void Dispose() => _hash.Dispose();

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
