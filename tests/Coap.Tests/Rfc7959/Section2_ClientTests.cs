using static Flint.Coap.Tests.Rfc7959.BlockMessage;

namespace Flint.Coap.Tests.Rfc7959;

/// <summary>RFC 7959 section 2: the client's transfers; the examples are those of section 3.</summary>
public sealed class Section2_ClientTests
{
    [Theory]
    [InlineData("1:0/0/16", 0x00u)]
    [InlineData("1:0/1/128", 0x0bu)]
    [InlineData("2:1048575/1/1024", 0xfffffeu)]
    [InlineData("2:3/0/64", 0x32u)]
    public void Option_Value_IsNumberMoreAndSize(string text, uint value) => Assert.Equal(value, Block(text).Value);

    [Fact]
    public void Option_MalformedOrAbsent_IsToldApart()
    {
        Assert.Equal(CoapBlockStatus.Absent, Find(With(CoapCode.Get), false, out _));
        Assert.Equal(CoapBlockStatus.Malformed, Find(With(CoapCode.Get, (CoapOptionNumber.Block2, 0x01000000)), false, out _));
        Assert.Equal(CoapBlockStatus.Malformed, Find(With(CoapCode.Get, (CoapOptionNumber.Block2, 7)), false, out _));
        Assert.Equal(CoapBlockStatus.Present, Find(With(CoapCode.Get, (CoapOptionNumber.Block2, 0x1f)), true, out CoapBlock block));
        Assert.Equal(new CoapBlock(1, true, 7), block);
        Assert.Equal(1024, block.Offset);
    }

    /// <summary>Figure 2: the server chooses 128 bytes.</summary>
    [Fact]
    public void Download_Simple_FollowsTheServersSize()
    {
        var download = new CoapDownload(CoapBlockSizes.Datagram);
        AssertSends(download, "none");
        Assert.Equal(CoapDownloadResult.Block, Respond(download, 128, "2:0/1/128"));
        AssertSends(download, "2:1/0/128");
        Assert.Equal(CoapDownloadResult.Block, Respond(download, 128, "2:1/1/128"));
        AssertSends(download, "2:2/0/128");
        Assert.Equal(CoapDownloadResult.Last, Respond(download, 50, "2:2/0/128"));
        Assert.Equal(256, download.Offset);
        Assert.Equal(CoapTransferState.Completed, download.State);
    }

    /// <summary>Figure 3: early negotiation.</summary>
    [Fact]
    public void Download_EarlyNegotiation_AsksForItsSizeAtOnce()
    {
        var download = new CoapDownload(new CoapBlockSizes { SizeExponent = 2 });
        AssertSends(download, "2:0/0/64");
        Assert.Equal(CoapDownloadResult.Block, Respond(download, 64, "2:0/1/64"));
        AssertSends(download, "2:1/0/64");
    }

    /// <summary>Section 2.4: a smaller size in the middle.</summary>
    [Fact]
    public void Download_SmallerSizeLater_IsKeptTo()
    {
        var download = new CoapDownload(CoapBlockSizes.Datagram);
        AssertSends(download, "none");
        Respond(download, 128, "2:0/1/128");
        AssertSends(download, "2:1/0/128");
        Assert.Equal(CoapDownloadResult.Block, Respond(download, 64, "2:2/1/64"));
        Assert.Equal(128, download.Offset);
        AssertSends(download, "2:3/0/64");
    }

    [Fact]
    public void Download_WholeInOneResponse_NeedsNoOption()
    {
        var download = new CoapDownload(CoapBlockSizes.Datagram);
        AssertSends(download, "none");
        Assert.Equal(CoapDownloadResult.Last, Respond(download, 1100));
        Assert.Equal(0, download.Offset);
    }

    /// <summary>[C-132] Section 2.4: parts of two representations are never put together.</summary>
    [Theory]
    [InlineData(5u, 6u)]
    [InlineData(5u, null)]
    [InlineData(null, 5u)]
    public void Download_ETagChanges_BeginsAnewAndFailsInTheEnd(uint? first, uint? second)
    {
        var download = new CoapDownload(CoapBlockSizes.Datagram);
        AssertSends(download, "none");
        Assert.Equal(CoapDownloadResult.Block, Respond(download, 1024, "2:0/1/1024", first));
        for (int i = 0; i < 3; i++)
        {
            AssertSends(download, "2:1/0/1024");
            Assert.Equal(CoapDownloadResult.Restart, Respond(download, 1024, "2:1/1/1024", second));
            AssertSends(download, "2:0/0/1024");
            Assert.Equal(CoapDownloadResult.Block, Respond(download, 1024, "2:0/1/1024", first));
            Assert.Equal(0, download.Offset);
        }

        AssertSends(download, "2:1/0/1024");
        Assert.Equal(CoapDownloadResult.Failed, Respond(download, 1024, "2:1/1/1024", second));
        Assert.Equal(CoapBlockFailure.TooManyRestarts, download.Failure);
    }

    [Theory]
    [InlineData("2:1/1/128", 128, CoapBlockFailure.UnexpectedBlock)]
    [InlineData("2:3/1/128", 128, CoapBlockFailure.UnexpectedBlock)]
    [InlineData("2:1/1/256", 256, CoapBlockFailure.UnexpectedBlock)]
    [InlineData("2:2/1/128", 127, CoapBlockFailure.PayloadLength)]
    [InlineData("2:2/1/128", 129, CoapBlockFailure.PayloadLength)]
    [InlineData("2:2/0/128", 129, CoapBlockFailure.PayloadLength)]
    [InlineData("none", 128, CoapBlockFailure.UnexpectedBlock)]
    public void Download_OtherThanAskedFor_Fails(string block, int length, CoapBlockFailure failure)
    {
        var download = new CoapDownload(new CoapBlockSizes { SizeExponent = 3 }, start: 256);
        AssertSends(download, "2:2/0/128");
        Assert.Equal(CoapDownloadResult.Failed, block == "none" ? Respond(download, length) : Respond(download, length, block));
        Assert.Equal(failure, download.Failure);
        Assert.Throws<InvalidOperationException>(() => download.TrySend(out _));
    }

    [Fact]
    public void Download_RandomAccess_BeginsInTheMiddle()
    {
        var download = new CoapDownload(new CoapBlockSizes { SizeExponent = 4 }, start: 1024);
        AssertSends(download, "2:4/0/256");
        Assert.Equal(CoapDownloadResult.Last, Respond(download, 100, "2:4/0/256"));
        Assert.Equal(1024, download.Offset);
        Assert.Throws<ArgumentOutOfRangeException>(() => new CoapDownload(new CoapBlockSizes { SizeExponent = 4 }, start: 128));
    }

    [Fact]
    public void Download_LargerThanTheLimit_FailsBeforeItIsStored()
    {
        var download = new CoapDownload(new CoapBlockSizes { MaxBody = 1500 });
        AssertSends(download, "none");
        Respond(download, 1024, "2:0/1/1024");
        AssertSends(download, "2:1/0/1024");
        Assert.Equal(CoapDownloadResult.Failed, Respond(download, 1024, "2:1/1/1024"));
        Assert.Equal(CoapBlockFailure.TooLarge, download.Failure);

        download = new CoapDownload(new CoapBlockSizes { MaxBody = 1500 });
        AssertSends(download, "none");
        byte[] response = With(CoapCode.Content, Option("2:0/1/1024"), (CoapOptionNumber.Size2, 1501));
        Assert.Equal(CoapDownloadResult.Failed, download.OnResponse(CoapCode.Content, Read(response).Options, 1024));
        Assert.Equal(1501, download.EstimatedLength);
    }

    [Fact]
    public void Download_Error_IsTheFinalResponse()
    {
        var download = new CoapDownload(CoapBlockSizes.Datagram);
        AssertSends(download, "none");
        Respond(download, 1024, "2:0/1/1024");
        AssertSends(download, "2:1/0/1024");
        Assert.Equal(CoapDownloadResult.Error, download.OnResponse(CoapCode.NotFound, Read(With(CoapCode.NotFound)).Options, 9));
        Assert.Equal(CoapTransferState.Completed, download.State);
    }

    /// <summary>Figure 7: a PUT in three blocks.</summary>
    [Fact]
    public void Upload_Simple_GoesBlockByBlock()
    {
        var upload = new CoapUpload(new CoapBlockSizes { SizeExponent = 3 });
        AssertSends(upload, 128, false, "1:0/1/128");
        Assert.Equal(CoapTransferState.Ready, Respond(upload, CoapCode.Continue, "1:0/1/128"));
        AssertSends(upload, 128, false, "1:1/1/128");
        Assert.Equal(CoapTransferState.Ready, Respond(upload, CoapCode.Continue, "1:1/1/128"));
        AssertSends(upload, 20, true, "1:2/0/128");
        Assert.Equal(CoapTransferState.Completed, Respond(upload, CoapCode.Changed, "1:2/0/128"));
    }

    /// <summary>Figure 8: the server acts on each block by itself, and says so with M clear; with M set it has not acted yet.</summary>
    [Theory]
    [InlineData("1:0/0/128", true)]
    [InlineData("1:0/1/128", false)]
    public void Upload_Stateless_GoesOnAfterASuccess(string answer, bool acted)
    {
        var upload = new CoapUpload(new CoapBlockSizes { SizeExponent = 3 });
        AssertSends(upload, 128, false, "1:0/1/128");
        Assert.Equal(CoapTransferState.Ready, Respond(upload, CoapCode.Changed, answer));
        Assert.Equal(acted, upload.HasBeenActedOn);
        AssertSends(upload, 1, true, "1:1/0/128");
        Assert.Equal(CoapTransferState.Completed, Respond(upload, CoapCode.Changed, "1:1/0/128"));
    }

    /// <summary>Figure 9: 32 bytes are asked for; what went so far counts.</summary>
    [Fact]
    public void Upload_SmallerSizeAskedFor_GoesOnBehindWhatWasSent()
    {
        var upload = new CoapUpload(new CoapBlockSizes { SizeExponent = 3 });
        AssertSends(upload, 128, false, "1:0/1/128");
        Respond(upload, CoapCode.Continue, "1:0/1/32");
        Assert.Equal(128, upload.Offset);
        AssertSends(upload, 32, false, "1:4/1/32");
        Respond(upload, CoapCode.Continue, "1:4/1/32");
        AssertSends(upload, 32, false, "1:5/1/32");
    }

    [Fact]
    public void Upload_SmallBody_GoesWhole()
    {
        var upload = new CoapUpload(CoapBlockSizes.Datagram);
        AssertSends(upload, 1000, true, "none");
        Assert.Equal(CoapTransferState.Completed, Respond(upload, CoapCode.Created));
    }

    /// <summary>Section 2.9.3: too large as it came; smaller blocks are asked for.</summary>
    [Fact]
    public void Upload_TooLargeWithASize_BeginsAnewInSmallerBlocks()
    {
        var upload = new CoapUpload(CoapBlockSizes.Datagram);
        AssertSends(upload, 1000, true, "none");
        Assert.Equal(CoapTransferState.Ready, Respond(upload, CoapCode.RequestEntityTooLarge, "1:0/0/64"));
        Assert.Equal(0, upload.Offset);
        AssertSends(upload, 64, false, "1:0/1/64");
        Assert.Equal(CoapTransferState.Completed, Respond(upload, CoapCode.RequestEntityTooLarge));
    }

    /// <summary>Section 2.9.2: the server has lost the body.</summary>
    [Fact]
    public void Upload_Incomplete_BeginsAnewAndFailsInTheEnd()
    {
        var upload = new CoapUpload(CoapBlockSizes.Datagram);
        for (int i = 0; i < 4; i++)
        {
            AssertSends(upload, 1024, false, "1:0/1/1024");
            Respond(upload, CoapCode.Continue, "1:0/1/1024");
            AssertSends(upload, 1024, false, "1:1/1/1024");
            Assert.Equal(i < 3 ? CoapTransferState.Ready : CoapTransferState.Failed, Respond(upload, CoapCode.RequestEntityIncomplete, "1:1/1/1024"));
        }

        Assert.Equal(CoapBlockFailure.TooManyRestarts, upload.Failure);
    }

    [Theory]
    [InlineData("1:1/1/128")]
    [InlineData("1:0/1/256")]
    [InlineData("none")]
    public void Upload_ContinueForAnotherBlock_Fails(string block)
    {
        var upload = new CoapUpload(new CoapBlockSizes { SizeExponent = 3 });
        AssertSends(upload, 128, false, "1:0/1/128");
        Assert.Equal(CoapTransferState.Failed, block == "none" ? Respond(upload, CoapCode.Continue) : Respond(upload, CoapCode.Continue, block));
        Assert.Equal(CoapBlockFailure.UnexpectedBlock, upload.Failure);
    }

    [Fact]
    public void Upload_ContinueAfterTheLast_Fails()
    {
        var upload = new CoapUpload(CoapBlockSizes.Datagram);
        AssertSends(upload, 10, true, "none");
        Assert.Equal(CoapTransferState.Failed, Respond(upload, CoapCode.Continue));
    }

    [Fact]
    public void Upload_LargerThanTheLimit_Fails()
    {
        var upload = new CoapUpload(new CoapBlockSizes { MaxBody = 1500 });
        AssertSends(upload, 1024, false, "1:0/1/1024");
        Respond(upload, CoapCode.Continue, "1:0/1/1024");
        Assert.False(upload.TrySend(1024, false, out _));
        Assert.Equal(CoapBlockFailure.TooLarge, upload.Failure);
    }

    /// <summary>RFC 8323 section 6: several blocks of 1024 bytes in a message.</summary>
    [Fact]
    public void Bert_BothWays_CountsIn1024Bytes()
    {
        var sizes = new CoapBlockSizes { SizeExponent = 7, MaxPayload = 5000 };
        var upload = new CoapUpload(sizes);
        Assert.Equal(4096, upload.MaxCount);
        AssertSends(upload, 4096, false, "1:0/1/BERT");
        Respond(upload, CoapCode.Continue, "1:0/1/BERT");
        AssertSends(upload, 4096, false, "1:4/1/BERT");
        Respond(upload, CoapCode.Continue, "1:4/1/BERT");
        AssertSends(upload, 77, true, "1:8/0/BERT");

        var download = new CoapDownload(sizes);
        AssertSends(download, "2:0/0/BERT");
        Assert.Equal(CoapDownloadResult.Block, Respond(download, 3072, "2:0/1/BERT"));
        AssertSends(download, "2:3/0/BERT");
        Assert.Equal(CoapDownloadResult.Block, Respond(download, 1024, "2:3/1/1024"));
        AssertSends(download, "2:4/0/1024");
        Assert.Equal(CoapDownloadResult.Last, Respond(download, 5, "2:4/0/1024"));

        download = new CoapDownload(sizes);
        AssertSends(download, "2:0/0/BERT");
        Assert.Equal(CoapDownloadResult.Failed, Respond(download, 1025, "2:0/1/BERT"));
    }

    private static CoapBlockStatus Find(byte[] message, bool bert, out CoapBlock block) =>
        CoapBlock.TryFind(Read(message).Options, CoapOptionNumber.Block2, bert, out block);

    private static void AssertSends(CoapDownload download, string expected)
    {
        Assert.True(download.TrySend(out CoapBlock? block));
        Assert.Equal(expected, Describe(2, block));
    }

    private static void AssertSends(CoapUpload upload, int count, bool isLast, string expected)
    {
        Assert.True(upload.TrySend(count, isLast, out CoapBlock? block));
        Assert.Equal(expected, Describe(1, block));
    }

    private static CoapDownloadResult Respond(CoapDownload download, int payload, string? block = null, uint? eTag = null)
    {
        var options = new List<(CoapOptionNumber, uint)>();
        if (block is not null)
        {
            options.Add(Option(block));
        }

        if (eTag is uint value)
        {
            options.Add((CoapOptionNumber.ETag, value));
        }

        return download.OnResponse(CoapCode.Content, Read(With(CoapCode.Content, [.. options])).Options, payload);
    }

    private static CoapTransferState Respond(CoapUpload upload, CoapCode code, string? block = null) =>
        upload.OnResponse(code, Read(block is null ? With(code) : With(code, Option(block))).Options);
}
