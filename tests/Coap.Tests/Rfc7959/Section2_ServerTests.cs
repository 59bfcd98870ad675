using Flint.Coap.Tests.Exchange;
using static Flint.Coap.Tests.Rfc7959.BlockMessage;

namespace Flint.Coap.Tests.Rfc7959;

/// <summary>RFC 7959 section 2: the server's side.</summary>
public sealed class Section2_ServerTests
{
    private readonly LayerUnderTest _layer = new();
    private CoapUploads _uploads;

    public Section2_ServerTests() => _uploads = Create(new CoapUploadsOptions());

    [Theory]
    [InlineData("none", 2000, "2:0/1/1024", 0, 1024)]
    [InlineData("none", 1024, "none", 0, 1024)]
    [InlineData("2:0/0/1024", 10, "2:0/0/1024", 0, 10)]
    [InlineData("2:0/0/64", 200, "2:0/1/64", 0, 64)]
    [InlineData("2:3/0/64", 200, "2:3/0/64", 192, 8)]
    [InlineData("2:1/0/1024", 2048, "2:1/0/1024", 1024, 1024)]
    public void Served_AnyRequest_IsAnsweredWithItsPart(string asked, int length, string answer, long offset, int count)
    {
        byte[] request = asked == "none" ? With(CoapCode.Get) : With(CoapCode.Get, Option(asked));
        Assert.True(CoapServedBlock.TryRead(Read(request).Options, CoapBlockSizes.Datagram, out CoapServedBlock served));
        Assert.Equal(offset, served.Offset);
        int taken = (int)Math.Min(served.MaxCount, length - served.Offset);
        Assert.Equal(count, taken);
        Assert.True(served.TryAnswer(taken, served.Offset + taken == length, out CoapBlock? block));
        Assert.Equal(answer, Describe(2, block));
    }

    [Fact]
    public void Served_LargerThanOurSize_IsRenumbered()
    {
        Assert.True(CoapServedBlock.TryRead(Read(With(CoapCode.Get, Option("2:3/0/1024"))).Options, new CoapBlockSizes { SizeExponent = 4 }, out CoapServedBlock served));
        Assert.Equal(3072, served.Offset);
        Assert.Equal(256, served.MaxCount);
        Assert.True(served.TryAnswer(256, false, out CoapBlock? block));
        Assert.Equal("2:12/1/256", Describe(2, block));
    }

    [Fact]
    public void Served_MalformedOrBeyondTheEnd_IsABadRequest()
    {
        Assert.False(CoapServedBlock.TryRead(Read(With(CoapCode.Get, (CoapOptionNumber.Block2, 7))).Options, CoapBlockSizes.Datagram, out _));
        Assert.False(CoapServedBlock.TryRead(Read(With(CoapCode.Get, Option("2:1048575/0/1024"))).Options, new CoapBlockSizes { SizeExponent = 0 }, out _));
        Assert.True(CoapServedBlock.TryRead(Read(With(CoapCode.Get, Option("2:9/0/1024"))).Options, CoapBlockSizes.Datagram, out CoapServedBlock served));
        Assert.False(served.TryAnswer(0, true, out _));
        Assert.True(CoapServedBlock.TryRead(Read(With(CoapCode.Get, Option("2:0/0/1024"))).Options, CoapBlockSizes.Datagram, out served));
        Assert.True(served.TryAnswer(0, true, out _));
    }

    [Fact]
    public void Upload_BlockByBlock_IsStoredInOrder()
    {
        CoapUploadStep step = Receive("1:0/1/128", 128);
        Assert.Equal((CoapUploadKind.Store, 0L, false, CoapCode.Continue), (step.Kind, step.Offset, step.IsLast, step.Code));
        Assert.Equal("1:0/1/128", Describe(1, step.Block));
        Assert.True(_uploads.SetState(step.Transfer, "sink"));

        step = Receive("1:1/1/128", 128);
        Assert.Equal((CoapUploadKind.Store, 128L, false, "sink"), (step.Kind, step.Offset, step.IsLast, step.State));
        step = Receive("1:2/0/128", 5);
        Assert.Equal((CoapUploadKind.Store, 256L, true, "sink"), (step.Kind, step.Offset, step.IsLast, step.State));
        Assert.Equal("1:2/0/128", Describe(1, step.Block));
        Assert.Equal(0, _uploads.Count);
        Assert.False(_uploads.TryTakeAbandoned(out _));
        Assert.Null(_uploads.NextDeadline);
    }

    [Fact]
    public void Upload_WithoutBlocks_IsWhole()
    {
        Assert.Equal(CoapUploadKind.Whole, Receive(null, 1000).Kind);
        CoapUploadStep step = Receive("1:0/0/1024", 1000);
        Assert.Equal((CoapUploadKind.Store, 0L, true, null), (step.Kind, step.Offset, step.IsLast, step.State));
        Assert.Equal(0, _uploads.Count);
    }

    /// <summary>A block of a smaller size is asked for with the first answer (section 2.3).</summary>
    [Fact]
    public void Upload_LargerThanOurSize_IsTakenAndAnsweredWithOurSize()
    {
        _uploads = Create(new CoapUploadsOptions { Sizes = new CoapBlockSizes { SizeExponent = 1 } });
        CoapUploadStep step = Receive("1:0/1/128", 128);
        Assert.Equal(CoapUploadKind.Store, step.Kind);
        Assert.Equal("1:0/1/32", Describe(1, step.Block));
        Assert.Equal(CoapUploadKind.Store, Receive("1:4/1/32", 32).Kind);
    }

    [Fact]
    public void Upload_SameBlockAgain_IsNotStoredTwice()
    {
        Receive("1:0/1/128", 128);
        Receive("1:1/1/128", 128);
        CoapUploadStep step = Receive("1:1/1/128", 128);
        Assert.Equal((CoapUploadKind.Duplicate, CoapCode.Continue), (step.Kind, step.Code));
        Assert.Equal("1:1/1/128", Describe(1, step.Block));
        Assert.Equal(CoapUploadKind.Store, Receive("1:2/0/128", 1).Kind);
    }

    /// <summary>[C-131] Section 2.9.2.</summary>
    [Theory]
    [InlineData("1:2/1/128", 128)]
    [InlineData("1:3/0/128", 1)]
    [InlineData("1:1/0/64", 64)]
    public void Upload_Gap_IsIncompleteAndAbandoned(string block, int length)
    {
        _uploads.SetState(Receive("1:0/1/128", 128).Transfer, "sink");
        CoapUploadStep step = Receive(block, length);
        Assert.Equal((CoapUploadKind.Refused, CoapCode.RequestEntityIncomplete), (step.Kind, step.Code));
        Assert.True(_uploads.TryTakeAbandoned(out object? state));
        Assert.Equal("sink", state);
        Assert.Equal(0, _uploads.Count);
        Assert.Equal(CoapCode.RequestEntityIncomplete, Receive("1:1/1/128", 128).Code);
    }

    [Fact]
    public void Upload_BeginningAgain_ReplacesTheOld()
    {
        _uploads.SetState(Receive("1:0/1/128", 128).Transfer, "old");
        _uploads.SetState(Receive("1:0/1/128", 128).Transfer, "new");
        Assert.True(_uploads.TryTakeAbandoned(out object? state));
        Assert.Equal("old", state);
        Assert.Equal("new", Receive("1:1/0/128", 1).State);
    }

    /// <summary>RFC 9175 section 3: what belongs together has the same options.</summary>
    [Fact]
    public void Upload_OtherPeerMethodOrOptions_IsAnotherBody()
    {
        Receive("1:0/1/128", 128);
        Assert.Equal(CoapCode.RequestEntityIncomplete, Receive("1:1/0/128", 1, options: (CoapOptionNumber.RequestTag, 1)).Code);
        Assert.Equal(CoapCode.RequestEntityIncomplete, Receive("1:1/0/128", 1, options: (CoapOptionNumber.UriPath, 'x')).Code);
        Assert.Equal(CoapCode.RequestEntityIncomplete, Receive("1:1/0/128", 1, method: CoapCode.Post).Code);
        Assert.Equal(CoapCode.RequestEntityIncomplete, Receive("1:1/0/128", 1, peer: _layer.AddPeer()).Code);
        Assert.Equal(CoapUploadKind.Store, Receive("1:1/0/128", 1, options: (CoapOptionNumber.Size1, 129)).Kind);
    }

    [Fact]
    public void Upload_RequestTags_KeepConcurrentBodiesApart()
    {
        for (uint tag = 1; tag <= 3; tag++)
        {
            _uploads.SetState(Receive("1:0/1/128", 128, options: (CoapOptionNumber.RequestTag, tag)).Transfer, tag);
        }

        for (uint tag = 1; tag <= 3; tag++)
        {
            Assert.Equal(tag, Receive("1:1/0/128", 1, options: (CoapOptionNumber.RequestTag, tag)).State);
        }
    }

    /// <summary>[C-133] Section 2.9.3.</summary>
    [Fact]
    public void Upload_TooLarge_IsRefusedBeforeItIsStored()
    {
        _uploads = Create(new CoapUploadsOptions { Sizes = new CoapBlockSizes { MaxBody = 200 } });
        Assert.Equal(CoapCode.RequestEntityTooLarge, Receive(null, 201).Code);
        Assert.Equal(CoapCode.RequestEntityTooLarge, Receive("1:0/1/128", 128, options: (CoapOptionNumber.Size1, 201)).Code);
        Assert.Equal(CoapUploadKind.Store, Receive("1:0/1/128", 128).Kind);
        Assert.Equal(CoapCode.RequestEntityTooLarge, Receive("1:1/1/128", 128).Code);
        Assert.True(_uploads.TryTakeAbandoned(out _));
        Assert.Equal(0, _uploads.Count);
    }

    [Theory]
    [InlineData("1:0/1/128", 127)]
    [InlineData("1:0/1/128", 129)]
    [InlineData("1:0/0/128", 129)]
    [InlineData("1:0/1/BERT", 1024)]
    public void Upload_PayloadOrOptionMalformed_IsABadRequest(string block, int length) =>
        Assert.Equal((CoapUploadKind.Refused, CoapCode.BadRequest), (Receive(block, length).Kind, Receive(block, length).Code));

    [Fact]
    public void Upload_BeyondALimit_IsRefused()
    {
        _uploads = Create(new CoapUploadsOptions { MaxTransfers = 3, MaxTransfersPerPeer = 2 });
        Assert.Equal(CoapUploadKind.Store, Receive("1:0/1/128", 128, options: (CoapOptionNumber.RequestTag, 1)).Kind);
        Assert.Equal(CoapUploadKind.Store, Receive("1:0/1/128", 128, options: (CoapOptionNumber.RequestTag, 2)).Kind);
        Assert.Equal(CoapCode.ServiceUnavailable, Receive("1:0/1/128", 128, options: (CoapOptionNumber.RequestTag, 3)).Code);
        CoapPeerHandle other = _layer.AddPeer();
        Assert.Equal(CoapUploadKind.Store, Receive("1:0/1/128", 128, peer: other).Kind);
        Assert.Equal(CoapCode.ServiceUnavailable, Receive("1:0/1/128", 128, peer: _layer.AddPeer()).Code);
    }

    [Fact]
    public void Upload_NotGoneOn_IsAbandonedInTime()
    {
        _uploads.SetState(Receive("1:0/1/128", 128).Transfer, "sink");
        Assert.False(_layer.Layer.TryTakeIdlePeer(_layer.Now, TimeSpan.Zero, out _));
        Assert.Equal(_layer.Now + TimeSpan.FromSeconds(247), _uploads.NextDeadline);
        _uploads.OnDeadline(_layer.Now + TimeSpan.FromSeconds(246.9));
        Assert.False(_uploads.TryTakeAbandoned(out _));
        _uploads.OnDeadline(_layer.Now + TimeSpan.FromSeconds(247));
        Assert.True(_uploads.TryTakeAbandoned(out object? state));
        Assert.Equal("sink", state);
        Assert.Equal(0, _uploads.Count);
        Assert.True(_layer.Layer.TryTakeIdlePeer(_layer.Now, TimeSpan.Zero, out _));
    }

    [Fact]
    public void Upload_PeerGone_IsAbandoned()
    {
        CoapUploadStep first = Receive("1:0/1/128", 128, options: (CoapOptionNumber.RequestTag, 1));
        CoapUploadStep second = Receive("1:0/1/128", 128, options: (CoapOptionNumber.RequestTag, 2));
        _uploads.RemovePeer(_layer.Peer);
        Assert.True(_uploads.TryTakeAbandoned(out _));
        Assert.True(_uploads.TryTakeAbandoned(out _));
        Assert.Equal(0, _uploads.Count);
        Assert.False(_uploads.Abandon(first.Transfer));
        Assert.False(_uploads.SetState(second.Transfer, 1));
    }

    private CoapUploads Create(CoapUploadsOptions options) => new(options, _layer.Layer, new byte[16]);

    private CoapUploadStep Receive(
        string? block, int length, CoapPeerHandle? peer = null, CoapCode method = CoapCode.Put, params (CoapOptionNumber, uint)[] options)
    {
        byte[] message = With(method, block is null ? options : [.. options, Option(block)]);
        return _uploads.OnRequest(peer ?? _layer.Peer, method, Read(message).Options, length, _layer.Now);
    }
}
