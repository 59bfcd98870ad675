using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Flint.Benchmarks.Ratios;
using Flint.Coap;

namespace Flint.Benchmarks.Coap;

/// <summary>A request and its response over a pipe in memory, against a length-prefixed echo of as many bytes over the same kind of pipe.</summary>
internal static class PipeEcho
{
    public static RatioCase Case()
    {
        (IDuplexPipe near, IDuplexPipe far) = Pair();
        _ = CoapConnection.Start(far, new CoapConnectionOptions { Handler = (request, _) => new(CoapResponse.Content(request.Payload)) });
        CoapConnection client = CoapConnection.Start(near);

        (IDuplexPipe bareNear, IDuplexPipe bareFar) = Pair();
        _ = EchoAsync(bareFar);
        var body = new byte[32];

        return new RatioCase(
            "Coap", "request over a pipe", n => RequestAsync(client, body, n).GetAwaiter().GetResult(), "bare echo", n => BareAsync(bareNear, body, n).GetAwaiter().GetResult())
        {
            AllocationBar = null, // a request, a response and two waits, at both ends
            RunsOnSeveralThreads = true,
        };
    }

    private static async Task RequestAsync(CoapConnection client, byte[] body, int count)
    {
        for (int i = 0; i < count; i++)
        {
            await client.PostAsync("/echo", body);
        }
    }

    private static async Task BareAsync(IDuplexPipe pipe, byte[] body, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Write(pipe.Output, body);
            await pipe.Output.FlushAsync();
            ReadOnlySequence<byte> frame = await ReadFrameAsync(pipe.Input);
            pipe.Input.AdvanceTo(frame.End);
        }
    }

    private static async Task EchoAsync(IDuplexPipe pipe)
    {
        while (true)
        {
            ReadOnlySequence<byte> frame = await ReadFrameAsync(pipe.Input);
            Write(pipe.Output, frame.ToArray());
            pipe.Input.AdvanceTo(frame.End);
            await pipe.Output.FlushAsync();
        }
    }

    private static async ValueTask<ReadOnlySequence<byte>> ReadFrameAsync(PipeReader input)
    {
        while (true)
        {
            ReadResult result = await input.ReadAsync();
            if (result.Buffer.Length >= sizeof(ushort))
            {
                int length = BinaryPrimitives.ReadUInt16BigEndian(result.Buffer.Slice(0, sizeof(ushort)).ToArray());
                if (result.Buffer.Length >= sizeof(ushort) + length)
                {
                    return result.Buffer.Slice(sizeof(ushort), length);
                }
            }

            input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private static void Write(PipeWriter output, ReadOnlySpan<byte> body)
    {
        Span<byte> span = output.GetSpan(sizeof(ushort) + body.Length);
        BinaryPrimitives.WriteUInt16BigEndian(span, (ushort)body.Length);
        body.CopyTo(span[sizeof(ushort)..]);
        output.Advance(sizeof(ushort) + body.Length);
    }

    private static (IDuplexPipe Near, IDuplexPipe Far) Pair()
    {
        var forth = new Pipe();
        var back = new Pipe();
        return (new End(back.Reader, forth.Writer), new End(forth.Reader, back.Writer));
    }

    private sealed record End(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
