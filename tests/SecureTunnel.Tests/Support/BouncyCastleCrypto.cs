using System.Security.Cryptography;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Agreement;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Encodings;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Security;

namespace Flint.SecureTunnel.Tests.Support;

/// <summary>The whole seam on another library: one side on this and the other on the platform must understand each other.</summary>
internal sealed class BouncyCastleCrypto : CryptoProvider
{
    private static readonly SecureRandom Random = new();
    private static readonly ECDomainParameters P256 = Domain();

    /// <summary>Of its signatures, in bytes.</summary>
    public int SaltLength { get; init; } = 32;

    public override void Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> destination)
    {
        var mac = new HMac(new Sha256Digest());
        mac.Init(new KeyParameter(key.ToArray()));
        mac.BlockUpdate(data.ToArray(), 0, data.Length);
        byte[] result = new byte[32];
        mac.DoFinal(result, 0);
        result.CopyTo(destination);
    }

    public override Aead CreateAead(SecureTunnelSuite suite, ReadOnlySpan<byte> key) => new BlockCipherAead(suite.IsCcm(), key.ToArray());

    public override void OaepEncrypt(RSA publicKey, ReadOnlySpan<byte> seed, Span<byte> ciphertext)
    {
        OaepEncoding oaep = Oaep();
        oaep.Init(true, new ParametersWithRandom(Public(publicKey), Random));
        oaep.ProcessBlock(seed.ToArray(), 0, seed.Length).CopyTo(ciphertext);
    }

    public override bool TryOaepDecrypt(RSA privateKey, ReadOnlySpan<byte> ciphertext, Span<byte> destination, out int written)
    {
        written = 0;
        try
        {
            OaepEncoding oaep = Oaep();
            oaep.Init(false, DotNetUtilities.GetRsaKeyPair(privateKey).Private);
            byte[] opened = oaep.ProcessBlock(ciphertext.ToArray(), 0, ciphertext.Length);
            opened.CopyTo(destination);
            written = opened.Length;
            return true;
        }
        catch (Exception e) when (e is InvalidCipherTextException or DataLengthException)
        {
            return false;
        }
    }

    public override void PssSign(RSA privateKey, ReadOnlySpan<byte> data, Span<byte> signature)
    {
        PssSigner signer = Pss();
        signer.Init(true, new ParametersWithRandom(DotNetUtilities.GetRsaKeyPair(privateKey).Private, Random));
        signer.BlockUpdate(data.ToArray(), 0, data.Length);
        signer.GenerateSignature().CopyTo(signature);
    }

    public override bool PssVerify(RSA publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        PssSigner signer = Pss();
        signer.Init(false, Public(publicKey));
        signer.BlockUpdate(data.ToArray(), 0, data.Length);
        return signer.VerifySignature(signature.ToArray());
    }

    public override EphemeralKey GenerateEphemeral()
    {
        var generator = new ECKeyPairGenerator();
        generator.Init(new ECKeyGenerationParameters(P256, Random));
        return new Ephemeral(generator.GenerateKeyPair());
    }

    private static OaepEncoding Oaep() => new(new RsaEngine(), new Sha256Digest(), new Sha256Digest(), null);

    private PssSigner Pss() => new(new RsaEngine(), new Sha256Digest(), new Sha256Digest(), SaltLength);

    private static RsaKeyParameters Public(RSA key)
    {
        RSAParameters parameters = key.ExportParameters(false);
        return new RsaKeyParameters(false, new BigInteger(1, parameters.Modulus), new BigInteger(1, parameters.Exponent));
    }

    private static ECDomainParameters Domain()
    {
        var curve = SecNamedCurves.GetByName("secp256r1");
        return new ECDomainParameters(curve.Curve, curve.G, curve.N, curve.H);
    }

    private sealed class BlockCipherAead(bool ccm, byte[] key) : Aead
    {
        public override void Seal(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext, Span<byte> tag)
        {
            byte[] result = Process(true, nonce, aad, plaintext.ToArray());
            result.AsSpan(0, plaintext.Length).CopyTo(ciphertext);
            result.AsSpan(plaintext.Length).CopyTo(tag);
        }

        public override bool TryOpen(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> tag, Span<byte> plaintext)
        {
            try
            {
                Process(false, nonce, aad, [.. ciphertext, .. tag]).CopyTo(plaintext);
                return true;
            }
            catch (InvalidCipherTextException)
            {
                return false;
            }
        }

        public override void Dispose()
        {
        }

        private byte[] Process(bool encrypt, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> aad, byte[] input)
        {
            IAeadBlockCipher cipher = ccm ? new CcmBlockCipher(new AesEngine()) : new GcmBlockCipher(new AesEngine());
            cipher.Init(encrypt, new AeadParameters(new KeyParameter(key), 128, nonce.ToArray(), aad.ToArray()));
            byte[] output = new byte[cipher.GetOutputSize(input.Length)];
            int written = cipher.ProcessBytes(input, 0, input.Length, output, 0);
            cipher.DoFinal(output, written);
            return output;
        }
    }

    private sealed class Ephemeral(AsymmetricCipherKeyPair pair) : EphemeralKey
    {
        public override void WriteShare(Span<byte> destination) => ((ECPublicKeyParameters)pair.Public).Q.GetEncoded(false).CopyTo(destination);

        public override bool TryAgree(ReadOnlySpan<byte> peerShare, Span<byte> secret)
        {
            try
            {
                var agreement = new ECDHBasicAgreement();
                agreement.Init(pair.Private);
                byte[] x = agreement.CalculateAgreement(new ECPublicKeyParameters(P256.Curve.DecodePoint(peerShare.ToArray()), P256)).ToByteArrayUnsigned();
                secret.Clear();
                x.CopyTo(secret[(32 - x.Length)..]);
                return true;
            }
            catch (ArgumentException)
            {
                return false;
            }
        }

        public override void Dispose()
        {
        }
    }
}
