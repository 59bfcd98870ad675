using System.IO.Pipelines;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Support;

/// <summary>A stream whose writes wait, until they are cancelled, for a peer that reads nothing.</summary>
internal sealed class StallingStream(IDuplexPipe pipe) : TransportStream
{
    private readonly Stream _input = pipe.Input.AsStream();
    private readonly Stream _output = pipe.Output.AsStream();

    public bool IsStalled { get; set; }

    public bool IsDisposed { get; private set; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _input.ReadAsync(buffer, cancellationToken);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsStalled)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        await _output.WriteAsync(buffer, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        IsDisposed = true;
        _input.Dispose();
        _output.Dispose();
        base.Dispose(disposing);
    }
}
