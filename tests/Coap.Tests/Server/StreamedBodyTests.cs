using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Flint.Testing;

namespace Flint.Coap.Tests.Server;

/// <summary>Bodies that are read and written in parts, over both transports: nothing holds them whole.</summary>
public sealed class StreamedBodyTests : IAsyncLifetime
{
    private readonly TaskCompletionSource<string> _upload = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<CountingBody> _bodies = [];
    private CoapServer _server = null!;

    public ValueTask InitializeAsync()
    {
        CoapRouter router = new CoapRouter()
            .MapGet("/random/{length}", request => WithBody(new CountingBody(int.Parse(request.Route("length")))))
            .MapGet("/forward/{length}", request => WithBody(CoapBody.FromStream(new OneWay(Body(int.Parse(request.Route("length")))))))
            .MapGet("/pipe/{length}", request => WithBody(CoapBody.FromPipe(PipeReader.Create(new ReadOnlySequence<byte>(Body(int.Parse(request.Route("length"))))))))
            .MapGet("/broken", _ => WithBody(new BrokenBody()))
            .MapUpload(CoapCode.Put, "/up", ReadAsync)
            .MapUpload(CoapCode.Post, "/refuse", (_, _, _) => new(CoapResponse.Error(CoapCode.Forbidden, "no")))
            .MapUpload(CoapCode.Post, "/slow", async (request, body, cancellationToken) =>
            {
                await _go.Task;
                return await ReadAsync(request, body, cancellationToken);
            })
            .MapUpload(CoapCode.Post, "/throws", async (_, body, cancellationToken) =>
            {
                await body.ReadAsync(cancellationToken);
                throw new InvalidDataException("secret");
            });
        _server = CoapServer.Start(router.HandleAsync, new()
        {
            Udp = new IPEndPoint(IPAddress.Loopback, 0),
            Tcp = new IPEndPoint(IPAddress.Loopback, 0),
            UdpOptions = new() { BlockSizes = new() { MaxBody = 2000 } },
            ConnectionOptions = new() { MaxBody = 2000, BodyTimeout = TimeSpan.FromSeconds(3) },
        });
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(false, "random", 0)]
    [InlineData(false, "random", 1023)]
    [InlineData(false, "random", 1024)]
    [InlineData(false, "random", 1025)]
    [InlineData(false, "random", 1_000_000)]
    [InlineData(false, "forward", 1024)]
    [InlineData(false, "forward", 100_000)]
    [InlineData(false, "pipe", 100_000)]
    [InlineData(true, "random", 0)]
    [InlineData(true, "random", 1_000_000)]
    [InlineData(true, "forward", 1_000_000)]
    [InlineData(true, "pipe", 1_000_000)]
    public async Task Download_ToAStream_IsTheSame(bool tcp, string kind, int length)
    {
        await using CoapClient client = await ClientAsync(tcp);
        using var stream = new MemoryStream();

        CoapResponse response = await client.DownloadAsync($"/{kind}/{length}", stream);

        Assert.Equal(CoapCode.Content, response.Code);
        Assert.Equal(0, response.Payload.Length);
        Assert.Equal(Body(length), stream.ToArray());
        foreach (CountingBody body in _bodies)
        {
            await Eventually.HoldsAsync(() => body.IsDisposed);
            Assert.True(body.MostAtOnce <= 65_536);
        }
    }

    [Fact]
    public async Task Download_ToABufferWriter_IsTheSame()
    {
        await using CoapClient client = await ClientAsync(tcp: true);
        var writer = new ArrayBufferWriter<byte>();

        await client.DownloadAsync(new CoapRequest(CoapCode.Get, "/random/200000"), writer);

        Assert.Equal(Body(200_000), writer.WrittenSpan.ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Download_OfAnError_WritesNothing(bool tcp)
    {
        await using CoapClient client = await ClientAsync(tcp);
        using var stream = new MemoryStream();

        Assert.Equal(CoapCode.NotFound, (await client.DownloadAsync("/nowhere", stream)).Code);
        Assert.Equal(CoapCode.InternalServerError, (await client.DownloadAsync("/broken", stream)).Code);
        Assert.Equal(0, stream.Length);
    }

    [Fact]
    public async Task Download_ThatBeginsAnew_CutsTheStreamBack_AndFailsWhereItCannot()
    {
        int reads = 0;
        CoapRouter router = new CoapRouter().MapGet("/x", _ => CoapResponse.Content(Body(Interlocked.Increment(ref reads) % 10 < 3 ? 5000 : 6000)));
        await using CoapServer server = CoapServer.Start(router.HandleAsync, new() { Udp = new IPEndPoint(IPAddress.Loopback, 0), UdpOptions = new() { MaxServedBytes = 0 } });
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://{server.UdpEndPoint}"));
        using var stream = new MemoryStream();
        await stream.WriteAsync("before"u8.ToArray());

        await client.DownloadAsync("/x", stream);

        Assert.Equal([.. "before"u8, .. Body(6000)], stream.ToArray());
        reads = 0;
        CoapException e = await Assert.ThrowsAsync<CoapException>(() => client.DownloadAsync(new CoapRequest(CoapCode.Get, "/x"), new ArrayBufferWriter<byte>()));
        Assert.Equal(CoapError.TransferFailed, e.Error);
    }

    [Theory]
    [InlineData(false, 0, true)]
    [InlineData(false, 1024, true)]
    [InlineData(false, 1025, true)]
    [InlineData(false, 100_000, true)]
    [InlineData(false, 100_000, false)]
    [InlineData(true, 0, true)]
    [InlineData(true, 1_000_000, true)]
    [InlineData(true, 1_000_000, false)]
    public async Task Upload_IsReadAsItComes_BeyondTheLimitOfMemory(bool tcp, int length, bool seekable)
    {
        await using CoapClient client = await ClientAsync(tcp);
        await using ICoapBody body = CoapBody.FromStream(seekable ? new MemoryStream(Body(length)) : new OneWay(Body(length)));

        CoapResponse response = await client.SendAsync(new CoapRequest(CoapCode.Put, "/up") { Body = body });

        Assert.Equal(CoapCode.Changed, response.Code);
        Assert.Equal(Digest(Body(length)), await _upload.Task);
        Assert.False(response.Options.TryFind(CoapOptionNumber.Block2, out _));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Upload_ThatTheHandlerDoesNotWant_EndsWithItsResponse(bool tcp)
    {
        await using CoapClient client = await ClientAsync(tcp);

        CoapResponse response = await client.PostAsync("/refuse", Body(tcp ? 500_000 : 20_000));

        Assert.Equal(CoapCode.Forbidden, response.Code);
        Assert.Equal("no", response.GetText());
        Assert.Equal(CoapCode.InternalServerError, (await client.PostAsync("/throws", Body(tcp ? 500_000 : 20_000))).Code);
    }

    [Fact]
    public async Task Upload_ToASlowHandler_WaitsForIt()
    {
        await using CoapClient client = await ClientAsync(tcp: true);
        var body = new CountingBody(1_000_000);

        Task<CoapResponse> sending = client.SendAsync(new CoapRequest(CoapCode.Post, "/slow") { Body = body });
        await Task.Delay(200);
        Assert.True(body.Read < 300_000, $"{body.Read} bytes were read ahead");
        _go.SetResult();

        Assert.Equal(CoapCode.Changed, (await sending).Code);
        Assert.Equal(Digest(Body(1_000_000)), await _upload.Task);
    }

    [Fact]
    public async Task SenderThatDoesNotWait_IsRefused()
    {
        await using CoapClient client = await ClientAsync(tcp: true);
        var codes = new List<CoapCode>();
        Task<CoapResponse>[] blocks = [.. Enumerable.Range(0, 40).Select(i =>
        {
            var request = new CoapRequest(CoapCode.Post, "/slow") { Payload = new byte[40 * 1024] };
            request.Options.Add(CoapOptionNumber.Block1, new CoapBlock(i * 40, true, 7).Value);
            return client.SendAsync(request);
        })];

        foreach (Task<CoapResponse> block in blocks)
        {
            codes.Add((await block.WaitAsync(Eventually.Limit)).Code);
        }

        // The first fits the pipe; the next is acknowledged when it is read, which the block after it did not wait for.
        Assert.Equal(CoapCode.Continue, codes[0]);
        Assert.Contains(CoapCode.RequestEntityIncomplete, codes);
        _go.SetResult();
        Assert.Equal("TransferFailed", await _upload.Task.WaitAsync(Eventually.Limit));
    }

    [Fact]
    public async Task Upload_OfWhichTheRestDoesNotCome_FailsTheReader()
    {
        await using CoapClient client = await ClientAsync(tcp: true);
        var request = new CoapRequest(CoapCode.Put, "/up") { Payload = Body(1024) };
        request.Options.Add(CoapOptionNumber.Block1, new CoapBlock(0, true, 6).Value);

        Assert.Equal(CoapCode.Continue, (await client.SendAsync(request)).Code);

        Assert.Equal("TransferFailed", await _upload.Task.WaitAsync(Eventually.Limit));
    }

    [Fact]
    public async Task Upload_CutOffByTheEndOfTheConnection_FailsTheReader()
    {
        CoapClient client = await ClientAsync(tcp: true);
        var request = new CoapRequest(CoapCode.Put, "/up") { Payload = Body(1024) };
        request.Options.Add(CoapOptionNumber.Block1, new CoapBlock(0, true, 6).Value);
        await client.SendAsync(request);

        await client.DisposeAsync();

        Assert.Equal("TransferFailed", await _upload.Task.WaitAsync(Eventually.Limit));
    }

    [Fact]
    public async Task Upload_FromAStreamThatCannotSeek_IsATypedErrorWhereItMustBeginAnew()
    {
        await using ICoapBody body = CoapBody.FromStream(new OneWay(Body(5000)));
        var buffer = new byte[1025];

        Assert.Equal(1025, await body.ReadAsync(0, buffer, default));
        Assert.Equal(1025, await body.ReadAsync(0, buffer, default));
        Assert.Equal(Body(5000)[..1025], buffer);
        Assert.Equal(1025, await body.ReadAsync(1024, buffer, default));
        Assert.Equal(Body(5000)[1024..2049], buffer);
        await Assert.ThrowsAsync<IOException>(() => body.ReadAsync(0, buffer, default).AsTask());
    }

    private async ValueTask<CoapResponse> ReadAsync(CoapRequest request, PipeReader body, CancellationToken cancellationToken)
    {
        using var copy = new MemoryStream();
        try
        {
            await body.CopyToAsync(copy, cancellationToken);
        }
        catch (Exception e) when (e is CoapException or OperationCanceledException)
        {
            _upload.TrySetResult(nameof(CoapError.TransferFailed));
            throw;
        }

        _upload.TrySetResult(Digest(copy.ToArray()));
        return CoapResponse.Changed();
    }

    private CoapResponse WithBody(ICoapBody body)
    {
        if (body is CountingBody counting)
        {
            _bodies.Add(counting);
        }

        return new CoapResponse(CoapCode.Content) { Body = body };
    }

    private static string Digest(byte[] bytes) => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(bytes));

    private static byte[] Body(int length)
    {
        var body = new byte[length];
        new Random(1).NextBytes(body);
        return body;
    }

    private Task<CoapClient> ClientAsync(bool tcp) => CoapClient.ConnectAsync(new Uri(tcp ? $"coap+tcp://{_server.TcpEndPoint}" : $"coap://{_server.UdpEndPoint}"));

    private sealed class CountingBody(int length) : ICoapBody
    {
        private readonly byte[] _body = Body(length);

        public long? Length => length;

        public int MostAtOnce { get; private set; }

        public long Read { get; private set; }

        public bool IsDisposed { get; private set; }

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            int count = Math.Max(0, (int)Math.Min(buffer.Length, length - offset));
            _body.AsSpan((int)offset, count).CopyTo(buffer.Span);
            MostAtOnce = Math.Max(MostAtOnce, buffer.Length);
            Read = offset + count;
            return new(count);
        }

        public ValueTask DisposeAsync()
        {
            IsDisposed = true;
            return default;
        }
    }

    private sealed class BrokenBody : ICoapBody
    {
        public long? Length => 10_000;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) => throw new IOException("broken");

        public ValueTask DisposeAsync() => default;
    }

    private sealed class OneWay(byte[] body) : MemoryStream(body)
    {
        public override bool CanSeek => false;
    }
}
