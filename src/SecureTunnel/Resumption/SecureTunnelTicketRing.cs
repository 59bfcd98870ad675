using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Threading;

namespace Flint.SecureTunnel;

/// <summary>
/// The keys under which a server's tickets are sealed (section 12). Give every node the same keys and each opens the tickets of the others.
/// Rotate every twelve hours or so: distribute the next key first, so that no node meets a ticket that it cannot open. Safe for concurrent use.
/// </summary>
public sealed class SecureTunnelTicketRing : IDisposable
{
    /// <summary>The length of a ticket key, in bytes.</summary>
    public const int KeyLength = 32;

    private readonly Lock _gate = new();
    private readonly List<Entry> _previous = [];
    private Entry _current;
    private Entry? _next;
    private bool _erased;

    /// <summary>A ring with a current key, and the next one where it is known already. The keys are copied.</summary>
    /// <exception cref="ArgumentException">A key does not have 32 bytes, or both are the same.</exception>
    public SecureTunnelTicketRing(ReadOnlySpan<byte> currentKey, ReadOnlySpan<byte> nextKey = default)
    {
        _current = new Entry(currentKey);
        _next = nextKey.IsEmpty ? null : new Entry(nextKey);
        if (_next is not null && _next.HasName(_current.Name))
        {
            throw new ArgumentException("The next key is another than the current one.", nameof(nextKey));
        }
    }

    /// <summary>How long a ticket lasts: at most 7 days, 24 hours by default [ST-802].</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than a second, or more than 7 days.</exception>
    public TimeSpan Lifetime
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.FromSeconds(1));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxLifetime);
            field = value;
        }
    } = TimeSpan.FromHours(24);

    /// <summary>The number of keys that the ring holds: next, current and previous ones.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _previous.Count + (_next is null ? 1 : 2);
            }
        }
    }

    /// <summary>
    /// The next key becomes the current one, the current one stays for opening until its last ticket has expired, and <paramref name="nextKey"/> comes after.
    /// Without a next key in the ring, <paramref name="nextKey"/> becomes the current one at once.
    /// </summary>
    /// <exception cref="ArgumentException">Not 32 bytes, or a key that the ring holds.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "The ring owns its entries.")]
    public void Rotate(ReadOnlySpan<byte> nextKey, DateTimeOffset now)
    {
        var entry = new Entry(nextKey);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_erased, this);
            if (Find(entry.Name) is not null)
            {
                entry.Dispose();
                throw new ArgumentException("The ring holds this key already.", nameof(nextKey));
            }

            _current.ErasedAt = now.ToUnixTimeSeconds() + (long)Lifetime.TotalSeconds;
            _previous.Add(_current);
            (_current, _next) = _next is null ? (entry, null) : (_next, entry);
            EraseExpired(now.ToUnixTimeSeconds());
        }
    }

    /// <summary>
    /// Erases every key. For a compromise: a server that goes on with this ring opens no ticket and gives none, and every device makes a full handshake.
    /// </summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _erased = true;
            _current.Dispose();
            _next?.Dispose();
            _previous.ForEach(entry => entry.Dispose());
            _previous.Clear();
        }
    }

    /// <summary>Seals a state under the current key.</summary>
    /// <returns>The ticket's length; 0 where the ring is disposed.</returns>
    internal int Seal(in TicketState state, ReadOnlySpan<byte> salt, long unixSeconds, Span<byte> ticket) // [ST-805]
    {
        Span<byte> plain = stackalloc byte[TicketState.MaxLength];
        plain = plain[..state.EncodedLength];
        lock (_gate)
        {
            if (_erased)
            {
                return 0;
            }

            state.Write(plain);
            EraseExpired(unixSeconds);
            _current.Name.CopyTo(ticket);
            salt.CopyTo(ticket[NameSize..]);
            using AesGcm gcm = _current.CreateAead(salt);
            gcm.Encrypt(ZeroNonce, plain, ticket.Slice(HeadSize, plain.Length), ticket.Slice(HeadSize + plain.Length, ProtocolLimits.TagSize), ticket[..HeadSize]);
        }

        CryptographicOperations.ZeroMemory(plain);
        return HeadSize + plain.Length + ProtocolLimits.TagSize;
    }

    /// <summary>Opens a ticket into <paramref name="plain"/>, under any key of the ring.</summary>
    /// <returns>The length of the state; 0 where the ticket does not open.</returns>
    internal int Open(ReadOnlySpan<byte> ticket, long unixSeconds, Span<byte> plain) // [ST-801] [ST-805]
    {
        int length = ticket.Length - HeadSize - ProtocolLimits.TagSize;
        if (length < 1 || length > plain.Length)
        {
            return 0;
        }

        lock (_gate)
        {
            EraseExpired(unixSeconds);
            if (_erased || Find(ticket[..NameSize]) is not Entry entry)
            {
                return 0;
            }

            using AesGcm gcm = entry.CreateAead(ticket.Slice(NameSize, SaltSize));
            try
            {
                gcm.Decrypt(ZeroNonce, ticket.Slice(HeadSize, length), ticket[(HeadSize + length)..], plain[..length], ticket[..HeadSize]);
                return length;
            }
            catch (AuthenticationTagMismatchException)
            {
                return 0;
            }
        }
    }

    private Entry? Find(ReadOnlySpan<byte> name)
    {
        if (_current.HasName(name))
        {
            return _current;
        }

        if (_next is not null && _next.HasName(name))
        {
            return _next;
        }

        foreach (Entry entry in _previous)
        {
            if (entry.HasName(name))
            {
                return entry;
            }
        }

        return null;
    }

    private void EraseExpired(long unixSeconds)
    {
        for (int i = _previous.Count - 1; i >= 0; i--)
        {
            if (_previous[i].ErasedAt <= unixSeconds)
            {
                _previous[i].Dispose();
                _previous.RemoveAt(i);
            }
        }
    }

    private sealed class Entry : IDisposable
    {
        private readonly Secret _key;

        public Entry(ReadOnlySpan<byte> key)
        {
            if (key.Length != KeyLength) // [ST-809]
            {
                throw new ArgumentException("A ticket key has exactly 32 random bytes.", nameof(key));
            }

            _key = new Secret(key);
            Hkdf.Label(SystemCrypto.Instance, _key.Span, "stek name"u8, default, Name);
        }

        public byte[] Name { get; } = new byte[NameSize];

        public long ErasedAt { get; set; } = long.MaxValue;

        public bool HasName(ReadOnlySpan<byte> name) => name.SequenceEqual(Name);

        /// <summary>A fresh key for each ticket, so the nonce can be zero.</summary>
        public AesGcm CreateAead(ReadOnlySpan<byte> salt)
        {
            Span<byte> key = stackalloc byte[KeyLength];
            Hkdf.Label(SystemCrypto.Instance, _key.Span, "stek"u8, salt, key);
            var gcm = new AesGcm(key, ProtocolLimits.TagSize);
            CryptographicOperations.ZeroMemory(key);
            return gcm;
        }

        public void Dispose() => _key.Dispose();
    }

    internal const int SaltSize = 16;

    private const int NameSize = 8;
    private const int HeadSize = NameSize + SaltSize;
    private static readonly TimeSpan MaxLifetime = TimeSpan.FromDays(7);

    private static ReadOnlySpan<byte> ZeroNonce => new byte[12];
}
