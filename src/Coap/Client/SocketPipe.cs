using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>A TCP socket as a pair of pipes. Its owner disposes the socket.</summary>
internal sealed class SocketPipe : IDuplexPipe
{
    public SocketPipe(Socket socket)
    {
        var stream = new NetworkStream(socket, ownsSocket: false);
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
        Output = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    /// <summary>Closes the socket when the connection over it has ended.</summary>
    public static async Task CloseAfterAsync(CoapConnection connection, Socket socket)
    {
        await connection.Completion.ConfigureAwait(false);
        socket.Dispose();
    }
}
