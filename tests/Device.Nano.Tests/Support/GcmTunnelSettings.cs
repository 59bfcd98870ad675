using System.Security.Cryptography;

namespace Flint.Device.Nano.Tests.Support;

/// <summary>AES-128-GCM from the platform: lets the device's tunnel speak the suites with GCM as well.</summary>
internal sealed class GcmTunnelSettings : TunnelSettings
{
    internal override bool IsSupported => !TunnelSuite.IsCcm(Suite);

    internal override IRecordCipher CreateCipher(IDeviceCrypto crypto, byte[] key) => new Cipher(new AesGcm(key.AsSpan(0, 16), 16));

    private sealed class Cipher(AesGcm gcm) : IRecordCipher
    {
        public void Seal(byte[] nonce, byte[] associated, int associatedOffset, int associatedCount, byte[] buffer, int offset, int count)
        {
            Span<byte> text = buffer.AsSpan(offset, count);
            gcm.Encrypt(nonce, text, text, buffer.AsSpan(offset + count, 16), associated.AsSpan(associatedOffset, associatedCount));
        }

        public bool Open(byte[] nonce, byte[] associated, int associatedOffset, int associatedCount, byte[] buffer, int offset, int count)
        {
            try
            {
                Span<byte> text = buffer.AsSpan(offset, count - 16);
                gcm.Decrypt(nonce, text, buffer.AsSpan(offset + count - 16, 16), text, associated.AsSpan(associatedOffset, associatedCount));
                return true;
            }
            catch (AuthenticationTagMismatchException)
            {
                return false;
            }
        }

        public void Clear() => gcm.Dispose();
    }
}
