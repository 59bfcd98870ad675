using System.IO;
using System.IO.Pipelines;

namespace Flint.SecureTunnel;

/// <summary>Makes a transport of a stream.</summary>
public static class SecureTunnelTransport
{
    /// <summary>
    /// A pipe over a stream that reads and writes, such as a <c>NetworkStream</c>. It reads with zero-byte reads first, so that an idle
    /// connection holds no buffer, and with 2 KiB where little comes, so that a half-open one holds little. Completing both ends disposes the stream.
    /// </summary>
    public static IDuplexPipe FromStream(Stream stream) => new StreamTransport(stream);

    private static readonly StreamPipeWriterOptions WriterOptions = new(leaveOpen: true);

    private sealed class StreamTransport(Stream stream) : IDuplexPipe
    {
        public PipeReader Input { get; } = new StreamInput(stream);

        public PipeWriter Output { get; } = PipeWriter.Create(stream, WriterOptions);
    }
}
