namespace Flint.Device.Nano;

/// <summary>Makes the AEAD of the tunnel's suite. The device has one for the CCM suites; another can stand in where GCM is at hand.</summary>
internal interface IRecordCipherFactory
{
    /// <summary>The cipher under the 16 bytes of <paramref name="key"/> at 0.</summary>
    IRecordCipher Create(byte[] key);
}
