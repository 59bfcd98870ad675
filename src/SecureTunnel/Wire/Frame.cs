using System;
using System.Buffers;
using System.Buffers.Binary;

namespace Flint.SecureTunnel;

/// <summary>Finds the boundary of a frame.</summary>
/// <remarks>
/// Section 5:
/// <code>
/// 0        2
/// +--------+----------------------+
/// | length | body, length bytes   |    1 &lt;= length &lt;= 16401
/// +--------+----------------------+
/// </code>
/// </remarks>
internal static class Frame
{
    /// <summary>Finds the frame at the head of <paramref name="stream"/>.</summary>
    /// <param name="stream">The bytes received and not yet consumed.</param>
    /// <param name="maxBody">The longest body that the state allows.</param>
    /// <param name="frameLength">The frame's length with its two length bytes, where the status is Ok.</param>
    public static FrameStatus TryRead(in ReadOnlySequence<byte> stream, int maxBody, out int frameLength)
    {
        frameLength = 0;
        if (stream.Length < ProtocolLimits.HeaderSize)
        {
            return FrameStatus.Truncated;
        }

        Span<byte> header = stackalloc byte[ProtocolLimits.HeaderSize];
        stream.Slice(0, ProtocolLimits.HeaderSize).CopyTo(header);
        int length = BinaryPrimitives.ReadUInt16BigEndian(header);
        if (length == 0) // [ST-201]
        {
            return FrameStatus.Empty;
        }

        if (length > maxBody) // [ST-202] [ST-203] [ST-204]: refused before a byte of the body is waited for
        {
            return FrameStatus.TooLong;
        }

        if (stream.Length < ProtocolLimits.HeaderSize + length)
        {
            return FrameStatus.Truncated;
        }

        frameLength = ProtocolLimits.HeaderSize + length;
        return FrameStatus.Ok;
    }

    /// <summary>Writes the length bytes before a body that already stands behind them.</summary>
    public static int WriteHeader(Span<byte> frame, int bodyLength)
    {
        BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)bodyLength);
        return ProtocolLimits.HeaderSize + bodyLength;
    }
}
