using System;
using System.Buffers;
using System.IO.Pipelines;

namespace Flint.SecureTunnel;

/// <summary>The transport's output, counted.</summary>
internal sealed class TransportWriter(PipeWriter output) : IBufferWriter<byte>
{
    /// <summary>Bytes written so far.</summary>
    public long Count { get; private set; }

    public void Advance(int count)
    {
        output.Advance(count);
        Count += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0) => output.GetMemory(sizeHint);

    public Span<byte> GetSpan(int sizeHint = 0) => output.GetSpan(sizeHint);
}
