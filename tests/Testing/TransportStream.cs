namespace Flint.Testing;

/// <summary>What streams that stand for a transport have in common: they are read and written, and have neither length nor position. A double overrides what its subject calls.</summary>
public abstract class TransportStream : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw Never();

    public override long Position
    {
        get => throw Never();
        set => throw Never();
    }

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw Never();

    public override void Write(byte[] buffer, int offset, int count) => throw Never();

    public override long Seek(long offset, SeekOrigin origin) => throw Never();

    public override void SetLength(long value) => throw Never();

    private static NotSupportedException Never() => new("No subject of these tests does this to a transport.");
}
