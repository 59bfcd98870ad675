using System;
using System.Security.Cryptography;
using System.Threading;

namespace Flint.SecureTunnel;

/// <summary>
/// Bytes that the garbage collector never copies, zeroed on <see cref="Dispose"/> [ST-403]. Erased bytes cannot be read: zeros in place of a
/// secret would be a key that everybody knows.
/// </summary>
internal sealed class Secret : IDisposable
{
    private readonly byte[] _bytes;
    private bool _erased;

    public Secret(int length) => _bytes = GC.AllocateArray<byte>(length, pinned: true);

    public Secret(ReadOnlySpan<byte> value)
        : this(value.Length) => value.CopyTo(_bytes);

    /// <exception cref="ObjectDisposedException">The secret is erased.</exception>
    public Span<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _erased), this);
            return _bytes;
        }
    }

    /// <summary>Copies the value out, where another thread may erase it meanwhile: what was copied is whole, or this throws.</summary>
    /// <exception cref="ObjectDisposedException">The secret is erased.</exception>
    public void CopyTo(Span<byte> destination)
    {
        _bytes.CopyTo(destination);
        Interlocked.MemoryBarrier();
        if (_erased)
        {
            CryptographicOperations.ZeroMemory(destination);
            throw new ObjectDisposedException(nameof(Secret));
        }
    }

    public void Dispose()
    {
        _erased = true;
        Interlocked.MemoryBarrier(); // before the first byte goes
        CryptographicOperations.ZeroMemory(_bytes);
    }
}
