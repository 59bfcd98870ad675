using System;
using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Flint.Coap;

/// <summary>Writes the CBOR items that problem details consist of, in their preferred serialization (RFC 8949 section 4.1).</summary>
internal sealed class CborWriter
{
    private readonly ArrayBufferWriter<byte> _output = new();

    public byte[] ToArray() => _output.WrittenSpan.ToArray();

    public void WriteHead(int major, ulong argument)
    {
        Span<byte> head = stackalloc byte[1 + sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(head[1..], argument);
        int info = argument switch
        {
            < 24 => (int)argument,
            <= byte.MaxValue => 24,
            <= ushort.MaxValue => 25,
            <= uint.MaxValue => 26,
            _ => 27,
        };
        int more = info < 24 ? 0 : 1 << (info - 24);
        ReadOnlySpan<byte> tail = head[^more..];
        _output.Write([(byte)(major << 5 | info)]);
        _output.Write(tail);
    }

    /// <summary>An integer of either sign.</summary>
    public void WriteInteger(long value) => WriteHead(value < 0 ? CborReader.Negative : CborReader.Unsigned, (ulong)(value < 0 ? ~value : value));

    public void WriteText(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        WriteHead(CborReader.Text, (ulong)bytes.Length);
        _output.Write(bytes);
    }

    /// <summary>An item that is encoded already.</summary>
    public void WriteEncoded(ReadOnlySpan<byte> item) => _output.Write(item);
}
