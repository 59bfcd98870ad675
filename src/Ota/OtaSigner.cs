using System;
using System.Security.Cryptography;

namespace Flint.Ota;

/// <summary>Signs manifests: COSE_Sign1 with PS256 (RSA-PSS, SHA-256, salt of 32 bytes).</summary>
/// <remarks>docs/spec/ota.md section 5.3; RFC 9052 section 4.4, RFC 8230 section 2.</remarks>
public static class OtaSigner
{
    private const int KeyIdLength = 8;

    /// <summary>Wraps a payload in an envelope signed with an RSA private key of 2048 or 3072 bits.</summary>
    public static byte[] Sign(ReadOnlySpan<byte> payload, RSA privateKey)
    {
        ArgumentNullException.ThrowIfNull(privateKey);
        return Sign(payload, KeyId(privateKey), message => privateKey.SignData(message, HashAlgorithmName.SHA256, RSASignaturePadding.Pss));
    }

    /// <summary>Wraps a payload in an envelope whose signature is made elsewhere, for example in a hardware module.</summary>
    /// <param name="payload">What <see cref="OtaManifestBuilder.Build"/> gave.</param>
    /// <param name="keyId">1 to 16 bytes, by which the device finds the key.</param>
    /// <param name="sign">Gets the bytes to sign (the Sig_structure) and gives the PS256 signature over them, 64 to 512 bytes.</param>
    public static byte[] Sign(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> keyId, Func<byte[], byte[]> sign)
    {
        ArgumentNullException.ThrowIfNull(sign);
        return Envelope(payload, keyId, sign(SignedBytes(ProtectedHeader(keyId), payload)));
    }

    /// <summary>The identifier of a key: the first 8 bytes of the SHA-256 of its SubjectPublicKeyInfo.</summary>
    public static byte[] KeyId(RSA key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return SHA256.HashData(key.ExportSubjectPublicKeyInfo())[..KeyIdLength];
    }

    internal static byte[] Envelope(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> keyId, ReadOnlySpan<byte> signature) =>
        new OtaCborWriter().Head(OtaCborReader.Tag, 18).Array(4)
            .Bytes(ProtectedHeader(keyId)).Map(0).Bytes(payload).Bytes(signature).ToArray();

    private static byte[] ProtectedHeader(ReadOnlySpan<byte> keyId) =>
        new OtaCborWriter().Map(2)
            .Unsigned(1).Head(OtaCborReader.Negative, (ulong)(-1 - OtaManifest.AlgorithmPs256))
            .Unsigned(4).Bytes(keyId).ToArray();

    private static byte[] SignedBytes(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload) =>
        new OtaCborWriter().Array(4).Text("Signature1").Bytes(header).Bytes([]).Bytes(payload).ToArray();
}
