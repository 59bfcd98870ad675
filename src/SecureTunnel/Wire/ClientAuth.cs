using System;
using System.Buffers.Binary;

namespace Flint.SecureTunnel;

/// <summary>The device's identity and its proof.</summary>
/// <remarks>
/// Section 6.6:
/// <code>
/// off size field
/// 0   1    type = 0x12
/// 1   1    method          0 none, 1 PSK, 2 device RSA, 3 resumption
/// 2   1    id_len
/// 3   n    device_id
/// ..  2    auth_len
/// ..  n    auth
/// ..  32   client_finished
/// </code>
/// </remarks>
internal readonly ref struct ClientAuth
{
    public AuthMethod Method { get; init; }

    /// <summary>1 to 64 bytes; none in method 3.</summary>
    public ReadOnlySpan<byte> DeviceId { get; init; }

    /// <summary>A signature in method 2, none otherwise.</summary>
    public ReadOnlySpan<byte> Auth { get; init; }

    public ReadOnlySpan<byte> Finished { get; init; }

    /// <summary>Bytes of the message before client_finished: what tha covers.</summary>
    public int UnfinishedLength => 5 + DeviceId.Length + Auth.Length;

    /// <summary>Bytes of the message up to and including device_id: what a device's signature covers.</summary>
    public int SignedLength => SignedLengthOf(DeviceId.Length);

    /// <summary>Reads a record's inner plaintext. Where the status is not Ok, <paramref name="message"/> is <c>default</c>.</summary>
    public static WireStatus TryRead(ReadOnlySpan<byte> inner, out ClientAuth message) // [ST-313]
    {
        message = default;
        if (inner.IsEmpty || inner[0] != (byte)MessageType.ClientAuth)
        {
            return inner.IsEmpty ? WireStatus.Truncated : WireStatus.WrongType;
        }

        if (inner.Length < 3)
        {
            return WireStatus.Truncated;
        }

        var method = (AuthMethod)inner[1];
        if (method > AuthMethod.Resumption)
        {
            return WireStatus.Method;
        }

        var reader = new WireReader(inner[3..]);
        if (!reader.TryTake(inner[2], out ReadOnlySpan<byte> id) || !reader.TryTakeVector(out ReadOnlySpan<byte> auth)
            || !reader.TryTake(ProtocolLimits.HashSize, out ReadOnlySpan<byte> finished))
        {
            return WireStatus.Truncated;
        }

        bool idFits = method == AuthMethod.Resumption ? id.IsEmpty : id.Length is >= 1 and <= SecureTunnelDeviceId.MaxLength; // [ST-104]
        WireStatus status =
            !reader.IsEmpty ? WireStatus.TrailingBytes
            : !idFits ? WireStatus.IdLength // [ST-327]
            : (method == AuthMethod.DeviceRsa) == auth.IsEmpty ? WireStatus.AuthLength // [ST-327]
            : WireStatus.Ok;
        if (status == WireStatus.Ok)
        {
            message = new ClientAuth { Method = method, DeviceId = id, Auth = auth, Finished = finished };
        }

        return status;
    }

    public static int SignedLengthOf(int idLength) => 3 + idLength;

    /// <summary>Writes everything before client_finished but <paramref name="authLength"/> bytes of auth at its end, which the caller fills.</summary>
    /// <returns>The number of bytes before client_finished.</returns>
    public static int WriteUnfinished(Span<byte> destination, AuthMethod method, ReadOnlySpan<byte> deviceId, int authLength)
    {
        destination[0] = (byte)MessageType.ClientAuth;
        destination[1] = (byte)method;
        destination[2] = (byte)deviceId.Length;
        deviceId.CopyTo(destination[3..]);
        BinaryPrimitives.WriteUInt16BigEndian(destination[(3 + deviceId.Length)..], (ushort)authLength);
        return 5 + deviceId.Length + authLength;
    }
}
