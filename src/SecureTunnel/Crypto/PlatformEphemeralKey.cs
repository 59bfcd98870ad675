using System;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>P-256 of the platform.</summary>
internal sealed class PlatformEphemeralKey(ECDiffieHellman key) : EphemeralKey
{
    /// <inheritdoc/>
    public override void WriteShare(Span<byte> destination)
    {
        ECParameters own = key.ExportParameters(includePrivateParameters: false);
        destination[0] = Uncompressed;
        own.Q.X!.CopyTo(destination[1..]);
        own.Q.Y!.CopyTo(destination[(1 + CoordinateSize)..]);
    }

    /// <inheritdoc/>
    public override bool TryAgree(ReadOnlySpan<byte> peerShare, Span<byte> secret)
    {
        if (peerShare.Length != ProtocolLimits.PointSize || peerShare[0] != Uncompressed)
        {
            return false;
        }

        try
        {
            using ECDiffieHellman peer = ECDiffieHellman.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = peerShare.Slice(1, CoordinateSize).ToArray(), Y = peerShare[(1 + CoordinateSize)..].ToArray() },
            });
            using ECDiffieHellmanPublicKey peerPublic = peer.PublicKey;
            byte[] x = key.DeriveRawSecretAgreement(peerPublic);
            x.CopyTo(secret);
            CryptographicOperations.ZeroMemory(x);
            return secret.IndexOfAnyExcept((byte)0) >= 0;
        }
        catch (CryptographicException)
        {
            return false; // the platform refuses a point that is not on the curve
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => key.Dispose();

    private const byte Uncompressed = 0x04;
    private const int CoordinateSize = 32;
}
