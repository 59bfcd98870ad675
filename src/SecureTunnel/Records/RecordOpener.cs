using System;
using System.Buffers.Binary;

namespace Flint.SecureTunnel;

/// <summary>Opens the records of one direction. Allocates nothing but at a KeyUpdate and at a failure. Not safe for concurrent use.</summary>
internal sealed class RecordOpener(CryptoProvider crypto, SecureTunnelSuite suite, ReadOnlySpan<byte> secret, int maxRecord) : IDisposable
{
    private readonly TrafficKey _key = new(crypto, suite, secret);

    /// <summary>The longest inner plaintext that this side takes.</summary>
    public int MaxRecord { get; set; } = maxRecord;

    /// <summary>Records opened under the current key.</summary>
    public ulong Sequence { get => _key.Sequence; internal set => _key.Sequence = value; }

    /// <summary>Opens a frame in place.</summary>
    /// <param name="frame">A whole frame with its two length bytes; overwritten.</param>
    /// <param name="type">The message's type.</param>
    /// <param name="content">What follows the type, without padding; a part of <paramref name="frame"/>.</param>
    public OpenStatus TryOpen(Span<byte> frame, out MessageType type, out Span<byte> content)
    {
        type = default;
        content = default;
        OpenStatus status = TryOpenInner(frame, out Span<byte> inner);
        return status == OpenStatus.Ok ? Split(inner, out type, out content) : status;
    }

    /// <summary>Opens a frame in place and gives its whole inner plaintext, as the handshake's messages enter the transcript.</summary>
    public OpenStatus TryOpenInner(Span<byte> frame, out Span<byte> inner)
    {
        inner = default;
        int innerLength = frame.Length - ProtocolLimits.HeaderSize - ProtocolLimits.TagSize;
        if (innerLength < 1) // [ST-209]
        {
            return OpenStatus.NotOpened;
        }

        if (innerLength > MaxRecord) // [ST-508]
        {
            return OpenStatus.Overflow;
        }

        if (Sequence >= ProtocolLimits.ReceiverRecordLimit) // [ST-504]
        {
            return OpenStatus.KeyExhausted;
        }

        Span<byte> body = frame[ProtocolLimits.HeaderSize..];
        if (!_key.TryOpen(frame[..ProtocolLimits.HeaderSize], body[..innerLength], body[innerLength..])) // [ST-206] [ST-502]
        {
            return OpenStatus.NotOpened;
        }

        inner = body[..innerLength];
        return OpenStatus.Ok;
    }

    /// <summary>Moves to the next key, behind an opened KeyUpdate.</summary>
    public void Update() => _key.Update();

    /// <summary>Gives the cipher's native memory back until the next record.</summary>
    public void Rest() => _key.Rest();

    public void Dispose() => _key.Dispose();

    private static OpenStatus Split(Span<byte> inner, out MessageType type, out Span<byte> content)
    {
        var unflagged = (MessageType)(inner[0] & ~PaddedFlag);
        bool belongsHere = unflagged is MessageType.KeyUpdate or MessageType.Close or MessageType.Alert or MessageType.Data;
        if ((inner[0] & PaddedFlag) == 0 || !belongsHere) // a type that is not in the table is not padded either [ST-205] [ST-208]
        {
            type = (MessageType)inner[0];
            content = inner[1..];
            return OpenStatus.Ok;
        }

        type = unflagged;
        content = default;
        if (type != MessageType.Data || inner.Length < 3) // [ST-207] [ST-208]
        {
            return OpenStatus.Padding;
        }

        int padding = BinaryPrimitives.ReadUInt16BigEndian(inner[1..]);
        int contentLength = inner.Length - 3 - padding;
        if (contentLength < 0 || inner[(3 + contentLength)..].IndexOfAnyExcept((byte)0) >= 0) // [ST-207]
        {
            return OpenStatus.Padding;
        }

        content = inner.Slice(3, contentLength);
        return OpenStatus.Ok;
    }

    /// <summary>The bit of the type byte that says that padding follows.</summary>
    internal const byte PaddedFlag = 0x80;
}
