using System.Security.Cryptography;

namespace Flint.Device.Nano.Tests.Support;

/// <summary>AES-128-GCM from the platform: lets the device's tunnel speak the suites with GCM as well.</summary>
internal sealed class GcmTunnelSettings : TunnelSettings
{
    public static bool IsCcm(byte suite) => suite is TunnelSuite.RsaOaepCcm or TunnelSuite.P256RsaPssCcm;

    internal override bool IsSupported => !IsCcm(Suite);

    internal override Aes128Ccm CreateCipher(IDeviceCrypto crypto, byte[] key) => new Cipher(new AesGcm(key.AsSpan(0, 16), 16));

    private sealed class Cipher(AesGcm gcm) : Aes128Ccm(new ManagedAes128(new byte[16], 0))
    {
        public override void Seal(byte[] nonce, byte[] buffer, int offset, int count, int associatedCount)
        {
            Span<byte> text = buffer.AsSpan(offset, count);
            gcm.Encrypt(nonce, text, text, buffer.AsSpan(offset + count, 16), buffer.AsSpan(offset - associatedCount, associatedCount));
        }

        public override bool Open(byte[] nonce, byte[] buffer, int offset, int count, int associatedCount)
        {
            try
            {
                Span<byte> text = buffer.AsSpan(offset, count - 16);
                gcm.Decrypt(nonce, text, buffer.AsSpan(offset + count - 16, 16), text, buffer.AsSpan(offset - associatedCount, associatedCount));
                return true;
            }
            catch (AuthenticationTagMismatchException)
            {
                return false;
            }
        }

        public override void Clear() => gcm.Dispose();
    }
}
