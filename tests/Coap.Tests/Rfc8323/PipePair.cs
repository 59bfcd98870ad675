using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Flint.Coap.Tests.Properties;
using Flint.Testing;

namespace Flint.Coap.Tests.Rfc8323;

/// <summary>Two ends of a transport in memory.</summary>
internal sealed class PipePair
{
    private readonly Pipe _forth;
    private readonly Pipe _back;

    public PipePair(int capacity = 1 << 16)
    {
        var options = new PipeOptions(pauseWriterThreshold: capacity, resumeWriterThreshold: capacity / 2, useSynchronizationContext: false);
        var forth = new Pipe(options);
        var back = new Pipe(options);
        (_forth, _back) = (forth, back);
        Near = new End(back.Reader, forth.Writer);
        Far = new End(forth.Reader, back.Writer);
    }

    public IDuplexPipe Near { get; }

    public IDuplexPipe Far { get; }

    /// <summary>The transport is gone for both, without a word.</summary>
    public async Task CutAsync()
    {
        await _forth.Writer.CompleteAsync(new IOException("cut"));
        await _back.Writer.CompleteAsync(new IOException("cut"));
    }

    private sealed record End(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}

/// <summary>A peer that is played by the test, byte by byte where it must be.</summary>
internal sealed class ScriptedPeer(IDuplexPipe transport)
{
    private static readonly CoapTcpLimits Limits = new(1 << 20, 8);

    public async Task SendAsync(byte[] bytes) => await transport.Output.WriteAsync(bytes);

    public Task SendAsync(string hex) => SendAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));

    public Task SendAsync(CoapCode code, byte[] token, (CoapOptionNumber Number, byte[] Value)[]? options = null, string payload = "") =>
        SendAsync(new PlainMessage(default, code, 0, token, options ?? [], Encoding.UTF8.GetBytes(payload)).WriteTcp());

    public Task SendCsmAsync() => SendAsync(CoapCode.Csm, []);

    /// <summary>The next message; null at the end of the stream.</summary>
    public async Task<PlainMessage?> ReceiveAsync()
    {
        while (true)
        {
            ReadResult result = await transport.Input.ReadAsync().AsTask().WaitAsync(Eventually.Limit);
            if (TryRead(result.Buffer, out PlainMessage? message, out int consumed))
            {
                transport.Input.AdvanceTo(result.Buffer.GetPosition(consumed));
                return message;
            }

            transport.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted)
            {
                return null;
            }
        }
    }

    public async Task EndAsync() => await transport.Output.CompleteAsync();

    private static bool TryRead(ReadOnlySequence<byte> bytes, out PlainMessage? plain, out int consumed)
    {
        plain = null;
        CoapReadStatus status = CoapTcpMessageReader.TryRead(bytes, Limits, new byte[bytes.Length], out CoapTcpMessageReader message, out consumed);
        if (status == CoapReadStatus.NeedMoreData)
        {
            return false;
        }

        Assert.Equal(CoapReadStatus.Ok, status);
        var options = new List<(CoapOptionNumber, byte[])>();
        foreach (CoapOption option in message.Options)
        {
            options.Add((option.Number, option.Value.ToArray()));
        }

        plain = new PlainMessage(default, message.Code, 0, message.Token.ToArray(), [.. options], message.Payload.ToArray());
        return true;
    }
}
