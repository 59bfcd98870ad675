using System;
using System.Buffers.Binary;

namespace Flint.SecureTunnel;

/// <summary>Makes the records of one direction. Allocates nothing but at a KeyUpdate. Not safe for concurrent use.</summary>
/// <remarks>
/// Section 5:
/// <code>
/// 0        2      3
/// +--------+------+-----------+---------+     inner = type ‖ content, or
/// | length | type | content   | tag     |             (type | 0x80) ‖ u16 pad_len ‖ content ‖ 0x00[pad_len]
/// +--------+------+-----------+---------+     length = len(inner) + 16, and the two length bytes are the aad
///          |&lt;--- encrypted --&gt;| 16 bytes
/// </code>
/// </remarks>
internal sealed class RecordSealer(CryptoProvider crypto, SecureTunnelSuite suite, ReadOnlySpan<byte> secret) : IDisposable
{
    private readonly TrafficKey _key = new(crypto, suite, secret);

    /// <summary>What a record costs beyond its content, in bytes.</summary>
    public const int Overhead = ProtocolLimits.HeaderSize + 1 + ProtocolLimits.TagSize;

    /// <summary>Records sealed under the current key.</summary>
    public ulong Sequence { get => _key.Sequence; internal set => _key.Sequence = value; }

    /// <summary>True when the next record must be a KeyUpdate, the last one that this key may seal [ST-503].</summary>
    public bool NeedsUpdate => Sequence >= ProtocolLimits.SenderRecordLimit - 1;

    /// <summary>Seals type and content into a frame of <c>content.Length + Overhead</c> bytes.</summary>
    /// <returns>The frame's length.</returns>
    public int Seal(MessageType type, ReadOnlySpan<byte> content, Span<byte> frame)
    {
        content.CopyTo(frame[(ProtocolLimits.HeaderSize + 1)..]);
        frame[ProtocolLimits.HeaderSize] = (byte)type;
        return SealInPlace(frame, 1 + content.Length);
    }

    /// <summary>Seals Data whose length on the wire shows <paramref name="padding"/> + 2 bytes more than its content has.</summary>
    /// <returns>The frame's length: content, padding, 2 and <see cref="Overhead"/>.</returns>
    public int SealPadded(ReadOnlySpan<byte> content, int padding, Span<byte> frame) // [ST-207]
    {
        Span<byte> inner = frame[ProtocolLimits.HeaderSize..];
        content.CopyTo(inner[3..]);
        inner[0] = (byte)MessageType.Data | RecordOpener.PaddedFlag;
        BinaryPrimitives.WriteUInt16BigEndian(inner[1..], (ushort)padding);
        inner.Slice(3 + content.Length, padding).Clear();
        return SealInPlace(frame, 3 + content.Length + padding);
    }

    /// <summary>Seals the inner plaintext that stands behind the two length bytes of <paramref name="frame"/>.</summary>
    /// <returns>The frame's length.</returns>
    /// <exception cref="InvalidOperationException">The key has sealed all the records it may.</exception>
    public int SealInPlace(Span<byte> frame, int innerLength)
    {
        if (Sequence > ProtocolLimits.SenderRecordLimit) // [ST-503]: behind the KeyUpdate or Close that is due there is room for an Alert
        {
            throw new InvalidOperationException("The key has sealed all the records it may: update it first.");
        }

        int length = Frame.WriteHeader(frame, innerLength + ProtocolLimits.TagSize);
        Span<byte> inner = frame.Slice(ProtocolLimits.HeaderSize, innerLength);
        _key.Seal(frame[..ProtocolLimits.HeaderSize], inner, frame.Slice(ProtocolLimits.HeaderSize + innerLength, ProtocolLimits.TagSize)); // [ST-206]
        return length;
    }

    /// <summary>Moves to the next key, behind a sealed KeyUpdate.</summary>
    public void Update() => _key.Update();

    /// <summary>Gives the cipher's native memory back until the next record.</summary>
    public void Rest() => _key.Rest();

    public void Dispose() => _key.Dispose();
}
