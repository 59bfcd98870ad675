using System.Security.Cryptography;
using Flint.Device.Nano.Tests.Support;
using Flint.Testing;

namespace Flint.Device.Nano.Tests.Crypto;

/// <summary>P-256 against the platform's and Wycheproof.</summary>
public sealed class P256Tests
{
    private readonly P256 _curve = new();

    [Fact]
    public void PublicShare_AnyScalar_IsThePlatforms()
    {
        byte[][] scalars = [Scalar(1), Scalar(2), Scalar(15), Scalar(16), OrderMinus(1), OrderMinus(2), .. Enumerable.Range(0, 10).Select(_ => RandomNumberGenerator.GetBytes(32))];
        foreach (byte[] scalar in scalars.Where(_curve.IsScalar))
        {
            using var platform = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = scalar });
            ECPoint q = platform.ExportParameters(false).Q;

            Assert.Equal([4, .. q.X!, .. q.Y!], _curve.PublicShare(scalar));
        }
    }

    [Fact]
    public void Agreement_WithThePlatform_IsTheSame()
    {
        for (int i = 0; i < 10; i++)
        {
            using var platform = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
            ECPoint q = platform.ExportParameters(false).Q;
            byte[] scalar = RandomNumberGenerator.GetBytes(32);
            byte[] share = _curve.PublicShare(scalar);
            using var ours = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = share[1..33], Y = share[33..] } });
            byte[] secret = new byte[32];

            Assert.True(_curve.TryAgree(scalar, [7, 4, .. q.X!, .. q.Y!], 1, secret));
            Assert.Equal(platform.DeriveRawSecretAgreement(ours.PublicKey), secret);
        }
    }

    [Fact]
    public void Agreement_Wycheproof_Agrees()
    {
        int used = 0;
        Wycheproof.ForEach("ecdh_secp256r1_test.json", (group, test) =>
        {
            byte[] spki = test.Hex("public");
            byte[] scalar = test.Hex("private");
            scalar = [.. new byte[Math.Max(0, 32 - scalar.Length)], .. scalar[Math.Max(0, scalar.Length - 32)..]];

            // Uncompressed points under the curve's name only, and no faults of the ASN.1: the tunnel sends 65 bytes and nothing around them.
            bool isAsn = test.GetProperty("flags").EnumerateArray().Any(flag => flag.GetString()!.Contains("Asn", StringComparison.Ordinal));
            if (isAsn || spki.Length != 91 || !spki.AsSpan(0, 26).SequenceEqual(SpkiHeader))
            {
                return;
            }

            byte[] secret = new byte[32];
            bool agreed = _curve.TryAgree(scalar, spki, 26, secret);

            // ECDH itself allows a secret of 32 zero bytes, the tunnel does not [ST-405].
            bool isSecret = test.GetProperty("result").GetString() != "invalid" && test.Hex("shared").AsSpan().ContainsAnyExcept((byte)0);
            Assert.True(agreed == isSecret, test.Id());
            Assert.True(!agreed || secret.AsSpan().SequenceEqual(test.Hex("shared")), test.Id());
            used++;
        });
        Assert.True(used > 200, $"{used} tests have uncompressed points");
    }

    [Fact]
    public void Agreement_PointsThatAreNone_AreRefused()
    {
        byte[] good = _curve.PublicShare(Scalar(5));
        byte[] secret = new byte[32];
        for (int bit = 0; bit < good.Length * 8; bit += 5)
        {
            byte[] bad = (byte[])good.Clone();
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(_curve.TryAgree(Scalar(3), bad, 0, secret));
        }

        Assert.False(_curve.TryAgree(Scalar(3), [4, .. new byte[64]], 0, secret));
        Assert.False(_curve.TryAgree(Scalar(3), [4, .. Enumerable.Repeat((byte)0xFF, 64)], 0, secret));
        Assert.False(_curve.TryAgree(new byte[32], good, 0, secret));
        Assert.True(_curve.TryAgree(Scalar(3), good, 0, secret));
    }

    [Fact]
    public void Scalar_OutsideItsRange_IsNone()
    {
        Assert.False(_curve.IsScalar(new byte[32]));
        Assert.False(_curve.IsScalar(OrderMinus(0)));
        Assert.False(_curve.IsScalar([.. Enumerable.Repeat((byte)0xFF, 32)]));
        Assert.True(_curve.IsScalar(OrderMinus(1)));
        Assert.True(_curve.IsScalar(Scalar(1)));
    }

    [Fact]
    public void Agreement_Cost_DoesNotDependOnTheScalar()
    {
        int yields = 0;
        _curve.Yield = () => yields++;
        _curve.PublicShare(Scalar(1));
        int small = _curve.Field.Multiplications;
        _curve.PublicShare(OrderMinus(1));

        Assert.Equal((small, 128), (_curve.Field.Multiplications - small, yields));
        Assert.InRange(small, 4000, 5200);
    }

    private static byte[] Scalar(byte value) => [.. new byte[31], value];

    private static byte[] OrderMinus(byte value)
    {
        byte[] order = Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
        order[31] -= value;
        return order;
    }

    private static readonly byte[] SpkiHeader = Convert.FromHexString("3059301306072A8648CE3D020106082A8648CE3D030107034200");
}
