using System.IO;
using System.IO.Pipelines;

namespace Flint.SecureTunnel;

/// <summary>Makes a transport of a stream.</summary>
public static class SecureTunnelTransport
{
    /// <summary>
    /// A pipe over a stream that reads and writes, such as a <c>NetworkStream</c>. It reads with zero-byte reads first, so that an idle
    /// connection holds no buffer. Completing both ends disposes the stream.
    /// </summary>
    public static IDuplexPipe FromStream(Stream stream) => new StreamTransport(stream);

    private const int ReadSize = 16 * 1024;
    private static readonly StreamPipeReaderOptions ReaderOptions = new(bufferSize: ReadSize, useZeroByteReads: true);
    private static readonly StreamPipeWriterOptions WriterOptions = new(leaveOpen: true);

    private sealed class StreamTransport(Stream stream) : IDuplexPipe
    {
        public PipeReader Input { get; } = PipeReader.Create(stream, ReaderOptions);

        public PipeWriter Output { get; } = PipeWriter.Create(stream, WriterOptions);
    }
}
