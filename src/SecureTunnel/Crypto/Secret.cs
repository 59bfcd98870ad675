using System;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>Bytes that the garbage collector never copies, zeroed on <see cref="Dispose"/> [ST-403].</summary>
internal sealed class Secret : IDisposable
{
    private readonly byte[] _bytes;

    public Secret(int length) => _bytes = GC.AllocateArray<byte>(length, pinned: true);

    public Secret(ReadOnlySpan<byte> value)
        : this(value.Length) => value.CopyTo(_bytes);

    public Span<byte> Span => _bytes;

    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);
}
