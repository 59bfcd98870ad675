using System.Security.Cryptography;
using PlatformAes = System.Security.Cryptography.Aes;

namespace Flint.Device.Nano;

internal sealed partial class NanoAes
{
    /// <summary>The device's <c>System.Security.Cryptography.Aes</c>, member by member, over .NET's.</summary>
    private sealed class Aes(CipherMode mode)
    {
        public CipherMode Mode { get; set; } = mode;

        public byte[] Key { get; set; } = [];

        public byte[] IV { get; set; } = [];

        public byte[] Encrypt(byte[] data)
        {
            using var aes = PlatformAes.Create();
            aes.Key = Key;
            return Mode == CipherMode.CBC ? aes.EncryptCbc(data, IV, PaddingMode.None) : aes.EncryptEcb(data, PaddingMode.None);
        }
    }
}
