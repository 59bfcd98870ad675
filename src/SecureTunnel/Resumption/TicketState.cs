using System;
using System.Buffers.Binary;

namespace Flint.SecureTunnel;

/// <summary>What a ticket remembers of a session; the device never sees it.</summary>
/// <remarks>
/// Section 12:
/// <code>
/// off size field
/// 0   1    version = 1
/// 1   1    suite
/// 2   32   rpsk
/// 34  4    first_auth   seconds since 1970-01-01T00:00Z: when the chain's full handshake was
/// 38  4    expires      likewise
/// 42  8    credential   what device_id was enrolled with then
/// 50  n    device_id    to the end, 1..64
/// </code>
/// </remarks>
internal readonly ref struct TicketState
{
    public SecureTunnelSuite Suite { get; init; }

    public ReadOnlySpan<byte> ResumptionPsk { get; init; }

    public uint FirstAuth { get; init; }

    public uint Expires { get; init; }

    public ReadOnlySpan<byte> CredentialTag { get; init; }

    public ReadOnlySpan<byte> DeviceId { get; init; }

    public int EncodedLength => HeadLength + DeviceId.Length;

    /// <summary>Reads a state. An authentic one of another version, or of another shape, is no state of ours.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out TicketState state)
    {
        state = default;
        if (source.Length is <= HeadLength or > MaxLength || source[0] != Version) // [ST-809]
        {
            return false;
        }

        state = new TicketState
        {
            Suite = (SecureTunnelSuite)source[1],
            ResumptionPsk = source.Slice(2, ProtocolLimits.HashSize),
            FirstAuth = BinaryPrimitives.ReadUInt32BigEndian(source[34..]),
            Expires = BinaryPrimitives.ReadUInt32BigEndian(source[38..]),
            CredentialTag = source.Slice(42, CredentialTagSize),
            DeviceId = source[HeadLength..],
        };
        return true;
    }

    /// <summary>Writes the state into <see cref="EncodedLength"/> bytes.</summary>
    public void Write(Span<byte> destination)
    {
        destination[0] = Version;
        destination[1] = (byte)Suite;
        ResumptionPsk.CopyTo(destination[2..]);
        BinaryPrimitives.WriteUInt32BigEndian(destination[34..], FirstAuth);
        BinaryPrimitives.WriteUInt32BigEndian(destination[38..], Expires);
        CredentialTag.CopyTo(destination[42..]);
        DeviceId.CopyTo(destination[HeadLength..]);
    }

    public const int MaxLength = HeadLength + SecureTunnelDeviceId.MaxLength;

    /// <summary>Enough that a new credential has the tag of the old one by chance once in 2⁶⁴ times.</summary>
    public const int CredentialTagSize = 8;

    private const int HeadLength = 50;
    private const byte Version = 1;
}
