using System;
using System.Linq;
using System.Security.Cryptography;

namespace Flint.Ota.Testing;

/// <summary>
/// The digests and checksums of a real device, and a keyed digest in the place of a signature: a proof makes millions of boots, and RSA would be
/// most of them. The same few blocks are read again and again, so a digest is computed once and then looked up by all of its message's bytes.
/// </summary>
internal sealed class ProofTrust : OtaTrust, IDisposable
{
    private const int SignatureLength = 64;
    private const int Places = 1 << 10;

    private static readonly byte[] Secret = "the key of a proof, not of a product"u8.ToArray();

    private readonly OtaTrustStore _platform = new();
    private readonly Known[] _known = [.. Enumerable.Repeat(new Known([], SHA256.HashData([])), Places)];
    private readonly byte[] _message = new byte[2048];
    private int _length;

    // Whether the message under way is longer than its buffer.
    private bool _isLong;

    public static byte[] KeyId { get; } = "proof"u8.ToArray();

    public static byte[] Sign(byte[] message) => Signature(SHA256.HashData(message));

    public override void HashStart()
    {
        _length = 0;
        _isLong = false;
    }

    public override void HashAppend(byte[] buffer, int offset, int count)
    {
        if (!_isLong && count <= _message.Length - _length)
        {
            Array.Copy(buffer, offset, _message, _length, count);
            _length += count;
            return;
        }

        if (!_isLong)
        {
            _isLong = true;
            _platform.HashStart();
            _platform.HashAppend(_message, 0, _length);
        }

        _platform.HashAppend(buffer, offset, count);
    }

    public override void HashFinish(byte[] digest, int offset)
    {
        if (_isLong)
        {
            _platform.HashFinish(digest, offset);
            return;
        }

        Hash(_message, 0, _length, digest, offset);
    }

    public override void Hash(byte[] buffer, int offset, int count, byte[] digest, int digestOffset)
    {
        ReadOnlySpan<byte> message = buffer.AsSpan(offset, count);
        ref Known known = ref _known[Crc32C(0, buffer, offset, count) % Places];
        if (!message.SequenceEqual(known.Message))
        {
            known = new Known(message.ToArray(), SHA256.HashData(message));
        }

        known.Digest.CopyTo(digest, digestOffset);
    }

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

    private readonly record struct Known(byte[] Message, byte[] Digest);
}
