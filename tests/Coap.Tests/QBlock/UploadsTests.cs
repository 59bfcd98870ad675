namespace Flint.Coap.Tests.QBlock;

/// <summary>[C-152] The bounds of a server's bodies in bursts, and what is forgotten at them.</summary>
public sealed class UploadsTests
{
    private static readonly TimeSpan Now = TimeSpan.FromSeconds(1000);

    [Fact]
    public void Bytes_BeyondTheLimit_AreRefusedBeforeTheFirstIsStored()
    {
        QBlockUploads uploads = Uploads(new CoapQBlockOptions { MaxBytes = 5000 });
        Assert.Equal(QBlockUploadKind.Nothing, Block(uploads, CoapCode.Put, 1, 3000).Kind);
        Assert.Equal((QBlockUploadKind.Refused, CoapCode.ServiceUnavailable), (Block(uploads, CoapCode.Put, 2, 3000).Kind, Block(uploads, CoapCode.Put, 2, 3000).Code));
        Assert.Equal(3000, uploads.Bytes);
        Assert.Equal(QBlockUploadKind.Nothing, Block(uploads, CoapCode.Put, 3, 2000).Kind);
    }

    [Theory]
    [InlineData(CoapCode.Put, true)]
    [InlineData(CoapCode.Post, false)]
    public void Answers_AtTheLimit_GiveWayOnlyWhereTheMethodMayBeRepeated(CoapCode method, bool givesWay)
    {
        QBlockUploads uploads = Uploads(new CoapQBlockOptions { MaxAnswered = 3 });
        for (byte tag = 1; tag <= 3; tag++)
        {
            QBlockUploadStep step = Block(uploads, method, tag, 100);
            Assert.Equal(QBlockUploadKind.Complete, step.Kind);
            step.Upload!.Answer = CoapResponse.Changed();
        }

        Assert.Equal(QBlockUploadKind.Again, Block(uploads, method, 1, 100).Kind);
        Assert.Equal(givesWay ? QBlockUploadKind.Complete : QBlockUploadKind.Refused, Block(uploads, method, 4, 100).Kind);
        Assert.Equal(givesWay ? QBlockUploadKind.Complete : QBlockUploadKind.Again, Block(uploads, method, 1, 100).Kind);
        Assert.Equal(3, uploads.Count);
        uploads.OnDeadline(Now + TimeSpan.FromSeconds(300));
        Assert.Equal((0, 0L), (uploads.Count, uploads.Bytes));
    }

    /// <summary>Who repeats a block while the handler is at work hears nothing, and is not taken for another body.</summary>
    [Fact]
    public void Block_RepeatedWhileTheHandlerIsAtWork_MeansNothing()
    {
        QBlockUploads uploads = Uploads(new CoapQBlockOptions());
        Assert.Equal(QBlockUploadKind.Complete, Block(uploads, CoapCode.Post, 1, 100).Kind);
        Assert.Equal(QBlockUploadKind.Nothing, Block(uploads, CoapCode.Post, 1, 100).Kind);
        Assert.Equal(0, uploads.Bytes);
    }

    [Fact]
    public void Peer_ThatHasGone_TakesItsBodiesAlong()
    {
        QBlockUploads uploads = Uploads(new CoapQBlockOptions());
        Block(uploads, CoapCode.Post, 1, 3000);
        uploads.RemovePeer(default);
        Assert.Equal((0, 0L), (uploads.Count, uploads.Bytes));
        Assert.Null(uploads.NextDeadline);
    }

    private static QBlockUploads Uploads(CoapQBlockOptions options) => new(options, CoapBlockSizes.Datagram, null, new byte[16]);

    private static QBlockUploadStep Block(QBlockUploads uploads, CoapCode method, byte tag, uint size)
    {
        var options = new CoapOptionList();
        options.Add(CoapOptionNumber.QBlock1, new CoapBlock(0, size > 1024, 6).Value);
        options.Add(CoapOptionNumber.Size1, size);
        options.Add(CoapOptionNumber.RequestTag, tag);
        return uploads.OnRequest(default, method, options.View, [tag], new byte[Math.Min(size, 1024)], Now);
    }
}
