using System;
using System.Buffers;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>Where a body goes that arrives in blocks.</summary>
internal abstract class CoapBodySink
{
    /// <summary>Takes the bytes behind those before.</summary>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> part, CancellationToken cancellationToken);

    /// <summary>Throws away what was taken, because the representation has changed.</summary>
    /// <returns>False where that cannot be.</returns>
    public abstract bool TryReset();
}

/// <summary>In memory.</summary>
internal sealed class CoapMemorySink : CoapBodySink
{
    private readonly ArrayBufferWriter<byte> _body = new();

    public ReadOnlyMemory<byte> Body => _body.WrittenMemory;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> part, CancellationToken cancellationToken)
    {
        _body.Write(part.Span);
        return default;
    }

    public override bool TryReset()
    {
        _body.ResetWrittenCount();
        return true;
    }
}

/// <summary>A stream, from where it stands. One that can seek is cut back where the body begins anew.</summary>
internal sealed class CoapStreamSink(Stream stream) : CoapBodySink
{
    private readonly long _start = stream.CanSeek ? stream.Position : 0;
    private bool _isWritten;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> part, CancellationToken cancellationToken)
    {
        _isWritten = true;
        return stream.WriteAsync(part, cancellationToken);
    }

    public override bool TryReset()
    {
        if (_isWritten && stream.CanSeek)
        {
            stream.SetLength(_start);
            stream.Position = _start;
            _isWritten = false;
        }

        return !_isWritten;
    }
}

/// <summary>A buffer writer, which takes nothing back.</summary>
internal sealed class CoapBufferSink(IBufferWriter<byte> writer) : CoapBodySink
{
    private bool _isWritten;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> part, CancellationToken cancellationToken)
    {
        _isWritten = true;
        writer.Write(part.Span);
        return default;
    }

    public override bool TryReset() => !_isWritten;
}
