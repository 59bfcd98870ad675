using Flint.Testing;

namespace Flint.Benchmarks.SecureTunnel;

/// <summary>One end of a stream pair in memory. Whoever reads finds what was written, or waits for it; no sockets, no system calls.</summary>
internal sealed class MemoryLink : TransportStream
{
    private readonly Lane _incoming;
    private readonly Lane _outgoing;

    private MemoryLink(Lane incoming, Lane outgoing)
    {
        _incoming = incoming;
        _outgoing = outgoing;
    }

    public static (MemoryLink One, MemoryLink Other) Create()
    {
        var there = new Lane();
        var back = new Lane();
        return (new MemoryLink(there, back), new MemoryLink(back, there));
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _incoming.ReadAsync(buffer);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => _incoming.ReadAsync(buffer.AsMemory(offset, count)).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _outgoing.Write(buffer.Span);
        return default;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        _outgoing.Write(buffer.AsSpan(offset, count));
        return Task.CompletedTask;
    }

    public override void Write(byte[] buffer, int offset, int count) => _outgoing.Write(buffer.AsSpan(offset, count));

    private sealed class Lane
    {
        private readonly Lock _gate = new();
        private readonly SemaphoreSlim _arrived = new(0);
        private byte[] _bytes = new byte[64 * 1024];
        private int _start;
        private int _end;

        public async ValueTask<int> ReadAsync(Memory<byte> buffer)
        {
            while (true)
            {
                lock (_gate)
                {
                    int available = _end - _start;
                    if (available > 0)
                    {
                        int take = Math.Min(available, buffer.Length);
                        _bytes.AsSpan(_start, take).CopyTo(buffer.Span);
                        _start += take;
                        (_start, _end) = _start == _end ? (0, 0) : (_start, _end);
                        return take;
                    }
                }

                await _arrived.WaitAsync();
            }
        }

        public void Write(ReadOnlySpan<byte> bytes)
        {
            lock (_gate)
            {
                if (_end + bytes.Length > _bytes.Length)
                {
                    Array.Resize(ref _bytes, _bytes.Length * 2);
                }

                bytes.CopyTo(_bytes.AsSpan(_end));
                _end += bytes.Length;
            }

            if (_arrived.CurrentCount == 0)
            {
                _arrived.Release();
            }
        }
    }
}
