using System.IO.Pipelines;

namespace Flint.SecureTunnel.Tests.Support;

/// <summary>Two transports joined back to back in memory.</summary>
internal sealed class PipePair
{
    private readonly Pipe _toServer = new(new PipeOptions(useSynchronizationContext: false));
    private readonly Pipe _toClient = new(new PipeOptions(useSynchronizationContext: false));

    public PipePair()
    {
        Client = new End(_toClient.Reader, _toServer.Writer);
        Server = new End(_toServer.Reader, _toClient.Writer);
    }

    public IDuplexPipe Client { get; }

    public IDuplexPipe Server { get; }

    private sealed class End(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
