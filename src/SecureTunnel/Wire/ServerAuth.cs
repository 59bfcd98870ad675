using System;
using System.Buffers.Binary;

namespace Flint.SecureTunnel;

/// <summary>The server's proof, the first protected record.</summary>
/// <remarks>
/// Section 6.5:
/// <code>
/// off size field
/// 0   1    type = 0x11
/// 1   1    flags = 0
/// 2   2    sig_len         S2 full: modulus bytes, otherwise 0
/// 4   n    signature
/// ..  32   server_finished
/// </code>
/// </remarks>
internal readonly ref struct ServerAuth
{
    public ReadOnlySpan<byte> Signature { get; init; }

    public ReadOnlySpan<byte> Finished { get; init; }

    /// <summary>Bytes of the message before server_finished: what th2 covers.</summary>
    public int UnfinishedLength => 4 + Signature.Length;

    /// <summary>Reads a record's inner plaintext. Where the status is not Ok, <paramref name="message"/> is <c>default</c>.</summary>
    public static WireStatus TryRead(ReadOnlySpan<byte> inner, out ServerAuth message)
    {
        message = default;
        if (inner.IsEmpty || inner[0] != (byte)MessageType.ServerAuth)
        {
            return inner.IsEmpty ? WireStatus.Truncated : WireStatus.WrongType;
        }

        if (inner.Length < 2)
        {
            return WireStatus.Truncated;
        }

        if (inner[1] != 0) // [ST-311]
        {
            return WireStatus.Flags;
        }

        var reader = new WireReader(inner[2..]);
        if (!reader.TryTakeVector(out ReadOnlySpan<byte> signature) || !reader.TryTake(ProtocolLimits.HashSize, out ReadOnlySpan<byte> finished))
        {
            return WireStatus.Truncated;
        }

        if (!reader.IsEmpty)
        {
            return WireStatus.TrailingBytes;
        }

        message = new ServerAuth { Signature = signature, Finished = finished };
        return WireStatus.Ok;
    }

    /// <summary>Writes everything before server_finished, the signature being in place already.</summary>
    /// <returns>The number of bytes before server_finished.</returns>
    public static int WriteUnfinished(Span<byte> destination, int signatureLength)
    {
        destination[0] = (byte)MessageType.ServerAuth;
        destination[1] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)signatureLength);
        return SignatureOffset + signatureLength;
    }

    public const int SignatureOffset = 4;
}
