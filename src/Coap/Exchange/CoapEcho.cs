using System;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Flint.Coap;

/// <summary>
/// The server's side of the Echo option (RFC 9175 section 2), without state for each peer: shows that a request is fresh, and that its sender receives what is sent to its address, before
/// the server acts, stores or amplifies. Only time-based: the same value may be used again until it is stale.
/// </summary>
/// <remarks>
/// RFC 9175 appendix A, item 2.
/// <code>
/// +--------------------+---------------------------------------------------------------+
/// | time (ms, 8 bytes) | first 16 bytes of HMAC-SHA256(key, time, identity of the peer) |
/// +--------------------+---------------------------------------------------------------+
/// </code>
/// </remarks>
public sealed class CoapEcho : IDisposable
{
    private readonly byte[] _key = new byte[KeyLength];

    /// <summary>Begins with a key of its own: values do not outlive the server.</summary>
    /// <param name="key">32 unpredictable bytes; copied.</param>
    /// <exception cref="ArgumentOutOfRangeException">The key has another length.</exception>
    public CoapEcho(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyLength, nameof(key));
        key.CopyTo(_key);
    }

    /// <summary>Writes the value with which to challenge a peer: 24 bytes.</summary>
    /// <param name="peer">What identifies the peer, such as its address and port.</param>
    /// <param name="now">Now.</param>
    /// <param name="value">At least <see cref="ValueLength"/> bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="value"/> is too short, or <paramref name="peer"/> has more than 64 bytes.</exception>
    public void Write(ReadOnlySpan<byte> peer, TimeSpan now, Span<byte> value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value.Length, ValueLength, nameof(value));
        BinaryPrimitives.WriteInt64BigEndian(value, (long)now.TotalMilliseconds);
        Authenticate(value[..sizeof(long)], peer, value[sizeof(long)..ValueLength]);
    }

    /// <summary>[C-110] Judges the Echo option of a request: first whether it is from here and for this peer, in constant time, then how old it is.</summary>
    /// <param name="request">The options of the request.</param>
    /// <param name="peer">What identifies the peer, as for <see cref="Write"/>.</param>
    /// <param name="now">Now.</param>
    /// <param name="maxAge">How old it may be.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="peer"/> has more than 64 bytes.</exception>
    public CoapEchoStatus Check(CoapOptions request, ReadOnlySpan<byte> peer, TimeSpan now, TimeSpan maxAge)
    {
        if (!request.TryFind(CoapOptionNumber.Echo, out CoapOption option))
        {
            return CoapEchoStatus.Absent;
        }

        if (option.Value.Length != ValueLength)
        {
            return CoapEchoStatus.Unknown;
        }

        Span<byte> expected = stackalloc byte[MacLength];
        Authenticate(option.Value[..sizeof(long)], peer, expected);
        if (!CryptographicOperations.FixedTimeEquals(expected, option.Value[sizeof(long)..]))
        {
            return CoapEchoStatus.Unknown;
        }

        TimeSpan age = now - TimeSpan.FromMilliseconds(BinaryPrimitives.ReadInt64BigEndian(option.Value));
        return age <= maxAge ? CoapEchoStatus.Fresh : CoapEchoStatus.Stale;
    }

    /// <summary>Forgets the key.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_key);

    private void Authenticate(ReadOnlySpan<byte> time, ReadOnlySpan<byte> peer, Span<byte> mac)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(peer.Length, MaxIdentityLength, nameof(peer));
        Span<byte> input = stackalloc byte[sizeof(long) + MaxIdentityLength];
        time.CopyTo(input);
        peer.CopyTo(input[sizeof(long)..]);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, input[..(sizeof(long) + peer.Length)], hash);
        hash[..MacLength].CopyTo(mac);
    }

    /// <summary>The bytes of a value.</summary>
    public const int ValueLength = sizeof(long) + MacLength;

    // Implementation.
    private const int MacLength = 16;
    private const int KeyLength = 32;
    private const int MaxIdentityLength = 64;
}
