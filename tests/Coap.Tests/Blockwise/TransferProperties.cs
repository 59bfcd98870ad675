using Flint.Coap.Tests.Exchange;

namespace Flint.Coap.Tests.Blockwise;

/// <summary>Any body, any sizes on both sides, with and without BERT: it arrives byte for byte, and no more of it is in memory than a block.</summary>
public sealed class TransferProperties
{
    [Fact]
    public void AnyBody_AnySizes_ArrivesAsItWasSent()
    {
        var random = new Random(7959);
        for (int run = 0; run < 400; run++)
        {
            var body = new byte[random.Next(4) == 0 ? random.Next(100) : random.Next(20000)];
            random.NextBytes(body);
            bool stream = random.Next(2) == 0;
            CoapBlockSizes client = AnySizes(random, stream);
            CoapBlockSizes server = AnySizes(random, stream);

            Assert.Equal(body, Upload(body, client, server));
            Assert.Equal(body, Download(body, client, server));
        }
    }

    private static CoapBlockSizes AnySizes(Random random, bool stream) =>
        stream ? new CoapBlockSizes { SizeExponent = random.Next(5, 8), MaxPayload = random.Next(1024, 6000) } : new CoapBlockSizes { SizeExponent = random.Next(7) };

    private static byte[] Upload(byte[] body, CoapBlockSizes clientSizes, CoapBlockSizes serverSizes)
    {
        var upload = new CoapUpload(clientSizes);
        var uploads = new CoapUploads(new CoapUploadsOptions { Sizes = Agreed(clientSizes, serverSizes) }, null, new byte[16]);
        var sink = new MemoryStream();
        while (true)
        {
            int count = (int)Math.Min(upload.MaxCount, body.Length - upload.Offset);
            long offset = upload.Offset;
            Assert.True(upload.TrySend(count, offset + count == body.Length, out CoapBlock? block));
            CoapUploadStep step = uploads.OnRequest(default, CoapCode.Put, Options(CoapCode.Put, CoapOptionNumber.Block1, block), count, TimeSpan.Zero);
            Assert.True(step.Kind is CoapUploadKind.Store or CoapUploadKind.Whole);
            Assert.Equal(sink.Length, step.Offset);
            sink.Write(body, (int)offset, count);
            bool isLast = step.Kind == CoapUploadKind.Whole || step.IsLast;
            CoapCode code = isLast ? CoapCode.Changed : CoapCode.Continue;
            CoapTransferState state = upload.OnResponse(code, Options(code, CoapOptionNumber.Block1, step.Block));
            Assert.Equal(isLast ? CoapTransferState.Completed : CoapTransferState.Ready, state);
            if (isLast)
            {
                Assert.Equal(0, uploads.Count);
                return sink.ToArray();
            }
        }
    }

    private static byte[] Download(byte[] body, CoapBlockSizes clientSizes, CoapBlockSizes serverSizes)
    {
        var download = new CoapDownload(clientSizes);
        var sizes = Agreed(clientSizes, serverSizes);
        var sink = new MemoryStream();
        while (true)
        {
            Assert.True(download.TrySend(out CoapBlock? asked));
            Assert.True(CoapServedBlock.TryRead(Options(CoapCode.Get, CoapOptionNumber.Block2, asked), sizes, out CoapServedBlock served));
            int count = (int)Math.Min(served.MaxCount, body.Length - served.Offset);
            Assert.True(served.TryAnswer(count, served.Offset + count == body.Length, out CoapBlock? block));
            CoapDownloadResult result = download.OnResponse(CoapCode.Content, Options(CoapCode.Content, CoapOptionNumber.Block2, block), count);
            Assert.True(result is CoapDownloadResult.Block or CoapDownloadResult.Last, $"{result} {download.Failure}");
            Assert.Equal(sink.Length, download.Offset);
            sink.Write(body, (int)served.Offset, count);
            if (result == CoapDownloadResult.Last)
            {
                return sink.ToArray();
            }
        }
    }

    /// <summary>Both know BERT or neither does, as their capabilities on the connection say; the sizes are each one's own.</summary>
    private static CoapBlockSizes Agreed(CoapBlockSizes client, CoapBlockSizes server) =>
        (client.SizeExponent == 7) == (server.SizeExponent == 7) ? server
        : new CoapBlockSizes { SizeExponent = client.SizeExponent == 7 ? 7 : 6, MaxPayload = server.MaxPayload };

    private static CoapOptions Options(CoapCode code, CoapOptionNumber number, CoapBlock? block)
    {
        (CoapOptionNumber, uint)[] options = block is CoapBlock value ? [(number, value.Value)] : [];
        byte[] message = code.IsRequest() ? Datagrams.Request(code, "", options: options) : Datagrams.Response(code, "", options: options);
        Assert.Equal(CoapReadStatus.Ok, CoapMessageReader.TryRead(message, out CoapMessageReader reader));
        return reader.Options;
    }
}
