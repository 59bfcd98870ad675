using System;

namespace Flint.Device.Nano;

/// <summary>
/// AES-128-CCM with a nonce of 12 bytes and a tag of 16 (RFC 3610, SP 800-38C), out of two native calls a message: one CBC over the
/// authenticated blocks, one ECB over the counter blocks.
/// </summary>
/// <remarks>
/// <code>
/// CBC  | flags nonce[12] length[3] | u16 length ‖ associated data ‖ 0… | message ‖ 0… |    its last block is the MAC
/// ECB  | 2 nonce[12] 000 | 2 nonce[12] 001 | …                                             the first hides the MAC, the others the message
/// </code>
/// The associated data are the bytes directly before the range. The two arrays are kept while the length stays the same, as it does in a download.
/// The members are virtual for <see cref="TunnelSettings.CreateCipher"/>: another AEAD with nonces of 12 bytes and tags of 16 may stand in.
/// </remarks>
internal class Aes128Ccm
{
    private readonly IAes128 _aes;
    private byte[] _blocks = new byte[0];
    private byte[] _counters = new byte[0];

    public Aes128Ccm(IAes128 aes)
    {
        _aes = aes;
    }

    /// <summary>Encrypts the range in place and writes the tag behind it, where the caller has left 16 bytes.</summary>
    public virtual void Seal(byte[] nonce, byte[] buffer, int offset, int count, int associatedCount)
    {
        ByteRange.Check(buffer, offset, count + TagLength);
        byte[] stream = KeyStream(nonce, count);
        byte[] mac = Mac(nonce, stream, buffer, offset, count, associatedCount);
        Apply(stream, BlockLength, buffer, offset, count);
        Array.Copy(mac, mac.Length - TagLength, buffer, offset + count, TagLength);
        Forget(mac, stream);
    }

    /// <summary>Checks the tag, the last 16 bytes of the range, and decrypts what stands before it in place.</summary>
    /// <returns>False where the tag is wrong; the range is zero then.</returns>
    public virtual bool Open(byte[] nonce, byte[] buffer, int offset, int count, int associatedCount)
    {
        ByteRange.Check(buffer, offset, count);
        int length = count - TagLength;
        bool authentic = false;
        if (length >= 0)
        {
            byte[] stream = KeyStream(nonce, length);
            Apply(stream, BlockLength, buffer, offset, length);
            byte[] mac = Mac(nonce, stream, buffer, offset, length, associatedCount);
            authentic = ByteRange.FixedTimeEquals(mac, mac.Length - TagLength, buffer, offset + length, TagLength);
            Forget(mac, stream);
        }

        if (!authentic)
        {
            Array.Clear(buffer, offset, count);
        }

        return authentic;
    }

    /// <summary>Erases the key.</summary>
    public virtual void Clear() => _aes.Clear();

    /// <summary>The tag is the last block of the result.</summary>
    private byte[] Mac(byte[] nonce, byte[] stream, byte[] buffer, int offset, int count, int associatedCount)
    {
        int header = associatedCount == 0 ? BlockLength : BlockLength + BigEndian.RoundUp(2 + associatedCount, BlockLength);
        byte[] data = _blocks = Reuse(_blocks, header + BigEndian.RoundUp(count, BlockLength));
        data[0] = (byte)((associatedCount == 0 ? 0 : 0x40) | ((TagLength - 2) / 2 << 3) | (LengthLength - 1));
        WriteNumber(nonce, count, data, 0);
        if (associatedCount != 0)
        {
            BigEndian.WriteUInt16(data, BlockLength, associatedCount);
            Array.Copy(buffer, offset - associatedCount, data, BlockLength + 2, associatedCount);
        }

        Array.Copy(buffer, offset, data, header, count);
        byte[] mac = _aes.EncryptCbc(data);
        Apply(stream, 0, mac, mac.Length - TagLength, TagLength);
        return mac;
    }

    private byte[] KeyStream(byte[] nonce, int count)
    {
        byte[] data = _counters = Reuse(_counters, BlockLength + BigEndian.RoundUp(count, BlockLength));
        for (int at = 0, counter = 0; at < data.Length; at += BlockLength, counter++)
        {
            data[at] = LengthLength - 1;
            WriteNumber(nonce, counter, data, at);
        }

        return _aes.EncryptEcb(data);
    }

    private static void Apply(byte[] stream, int at, byte[] buffer, int offset, int count)
    {
        for (int i = 0; i < count; i++)
        {
            buffer[offset + i] ^= stream[at + i];
        }
    }

    /// <summary>What follows the flags of a block: the nonce, then the message's length or the counter in three bytes.</summary>
    private static void WriteNumber(byte[] nonce, int value, byte[] block, int at)
    {
        BigEndian.WriteUInt32(block, at + BlockLength - 4, (uint)value);
        Array.Copy(nonce, 0, block, at + 1, NonceLength);
    }

    /// <summary>The array again where its length fits; it is all zero, since it is cleared after use.</summary>
    private static byte[] Reuse(byte[] array, int length) => array.Length == length ? array : new byte[length];

    /// <summary>The plaintext and the key stream do not stay behind in the heap.</summary>
    private void Forget(byte[] mac, byte[] stream)
    {
        ByteRange.Clear(mac);
        ByteRange.Clear(stream);
        ByteRange.Clear(_blocks);
        ByteRange.Clear(_counters);
    }

    // Specification
    public const int TagLength = 16;
    public const int NonceLength = 12;
    private const int BlockLength = 16;
    private const int LengthLength = 3;
}
