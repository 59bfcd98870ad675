using System.Buffers;
using Flint.Coap.Tests.Vectors;

namespace Flint.Coap.Tests;

/// <summary>Reading and writing allocate nothing, whatever the input.</summary>
public sealed class AllocationTests
{
    [Fact]
    public void Codec_EveryDatagramVector_AllocatesNothing()
    {
        CoapVector[] vectors = [.. CoapVector.Load("datagram.json").Values];
        var buffer = new byte[2048];

        Assert.Equal(0, Measure(() =>
        {
            foreach (CoapVector vector in vectors)
            {
                if (CoapMessageReader.TryRead(vector.Input, vector.MaxTokenLength, out CoapMessageReader message) == CoapReadStatus.Ok)
                {
                    var writer = new CoapMessageWriter(buffer);
                    writer.WriteHeader(message.Type, message.Code, message.MessageId, message.Token);
                    foreach (CoapOption option in message.Options)
                    {
                        writer.WriteOption(option.Number, option.Value);
                    }

                    writer.WritePayload(message.Payload);
                    writer.TryComplete(out _);
                }
            }
        }));
    }

    [Fact]
    public void Codec_EveryStreamVector_AllocatesNothing()
    {
        CoapVector[] vectors = [.. CoapVector.Load("tcp.json").Values];
        ReadOnlySequence<byte>[] pieces = [.. vectors.Select(vector => Messages.Pieces(vector.Input, 3))];
        var scratch = new byte[2048];
        var buffer = new byte[2048];

        Assert.Equal(0, Measure(() =>
        {
            for (int i = 0; i < vectors.Length; i++)
            {
                var limits = new CoapTcpLimits(vectors[i].MaxMessageSize, vectors[i].MaxTokenLength);
                if (CoapTcpMessageReader.TryRead(pieces[i], limits, scratch, out CoapTcpMessageReader message, out _) == CoapReadStatus.Ok)
                {
                    var writer = new CoapMessageWriter(buffer);
                    writer.WriteTcpHeader(message.Code, message.Token);
                    foreach (CoapOption option in message.Options)
                    {
                        writer.WriteOption(option.Number, option.Value);
                    }

                    writer.WritePayload(message.Payload);
                    writer.TryComplete(out _);
                }
            }
        }));
    }

    private static long Measure(Action action)
    {
        action();
        action();
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
