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
/// 34  4    issued       seconds since 1970-01-01T00:00Z
/// 38  4    lifetime     seconds
/// 42  4    first_auth   seconds since 1970-01-01T00:00Z
/// 46  1    method       of the full handshake
/// 47  1    id_len
/// 48  n    device_id
/// </code>
/// </remarks>
internal readonly ref struct TicketState
{
    public SecureTunnelSuite Suite { get; init; }

    public ReadOnlySpan<byte> ResumptionPsk { get; init; }

    public uint Issued { get; init; }

    public uint Lifetime { get; init; }

    public uint FirstAuth { get; init; }

    public AuthMethod Method { get; init; }

    public ReadOnlySpan<byte> DeviceId { get; init; }

    public int EncodedLength => HeadLength + DeviceId.Length;

    /// <summary>Reads a state. An authentic one of another version, or of another shape, is no state of ours.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out TicketState state)
    {
        state = default;
        if (source.Length < HeadLength || source[0] != Version || source[47] is < 1 or > SecureTunnelDeviceId.MaxLength
            || source.Length != HeadLength + source[47])
        {
            return false;
        }

        state = new TicketState
        {
            Suite = (SecureTunnelSuite)source[1],
            ResumptionPsk = source.Slice(2, ProtocolLimits.HashSize),
            Issued = BinaryPrimitives.ReadUInt32BigEndian(source[34..]),
            Lifetime = BinaryPrimitives.ReadUInt32BigEndian(source[38..]),
            FirstAuth = BinaryPrimitives.ReadUInt32BigEndian(source[42..]),
            Method = (AuthMethod)source[46],
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
        BinaryPrimitives.WriteUInt32BigEndian(destination[34..], Issued);
        BinaryPrimitives.WriteUInt32BigEndian(destination[38..], Lifetime);
        BinaryPrimitives.WriteUInt32BigEndian(destination[42..], FirstAuth);
        destination[46] = (byte)Method;
        destination[47] = checked((byte)DeviceId.Length);
        DeviceId.CopyTo(destination[HeadLength..]);
    }

    public const int MaxLength = HeadLength + SecureTunnelDeviceId.MaxLength;

    private const int HeadLength = 48;
    private const byte Version = 1;
}
