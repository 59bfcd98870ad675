using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Flint.Device.Nano;

public sealed partial class NanoCrypto
{
    /// <summary>The device's <c>System.Random</c>, whose bytes are the hardware's, over .NET's secure generator.</summary>
    private sealed class Random
    {
        [SuppressMessage("Performance", "CA1822", Justification = "The device's is an instance method.")]
        public void NextBytes(byte[] buffer) => RandomNumberGenerator.Fill(buffer);
    }
}
