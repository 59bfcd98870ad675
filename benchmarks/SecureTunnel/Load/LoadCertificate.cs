using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Flint.Benchmarks.SecureTunnel.Load;

/// <summary>A self-signed certificate: what SslStream needs where the tunnel needs a key.</summary>
internal static class LoadCertificate
{
    public static X509Certificate2 Create(RSA key)
    {
        var request = new CertificateRequest("CN=flint", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
