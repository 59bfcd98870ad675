using System.IO.Pipelines;
using Flint.Testing;

namespace Flint.Device.Nano.Tests.Support;

/// <summary>A stream in memory for the device's blocking edge, joined to a pipe for the server.</summary>
internal sealed class DuplexStream(Stream input, Stream output) : TransportStream
{
    public static (Stream Device, IDuplexPipe Server) Create()
    {
        var toServer = new Pipe();
        var toDevice = new Pipe();
        return (new DuplexStream(toDevice.Reader.AsStream(), toServer.Writer.AsStream()), new End(toServer.Reader, toDevice.Writer));
    }

    public override int Read(byte[] buffer, int offset, int count) => input.Read(buffer, offset, count);

    public override void Write(byte[] buffer, int offset, int count)
    {
        output.Write(buffer, offset, count);
        output.Flush();
    }

    public override void Flush() => output.Flush();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            output.Dispose();
            input.Dispose();
        }

        base.Dispose(disposing);
    }

    private sealed class End(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
