using System.Text;
using Flint.Coap.Tests.Properties;

namespace Flint.Coap.Tests.Rfc8323;

/// <summary>RFC 8323 section 5, against a peer that is played byte by byte; the hostile ones first.</summary>
public sealed class Section5_SignallingTests
{
    private readonly PipePair _pair = new();

    [Theory]
    [InlineData("00 01", "request")]
    [InlineData("00 45", "response")]
    [InlineData("00 00", "empty message")]
    [InlineData("00 e2", "Ping")]
    [InlineData("00 e3", "Pong")]
    [InlineData("00 e4", "Release")]
    public async Task AnythingBeforeTheCsm_IsAborted(string hex, string what)
    {
        bool handled = false;
        (CoapConnection connection, ScriptedPeer peer) = Start(new CoapConnectionOptions { Handler = Answer(() => handled = true) }, sendCsm: false);

        await peer.SendAsync(hex);

        await AssertAborted(connection, peer, "before the CSM");
        Assert.False(handled, what);
    }

    [Theory]
    [InlineData("0f 01", "ReservedTokenLength")]
    [InlineData("09 01", "ReservedTokenLength")]
    [InlineData("f0 ff ff ff ff", "MessageTooLarge")]
    [InlineData("10 01 f0", "ReservedOptionDelta")]
    [InlineData("10 01 bf", "ReservedOptionLength")]
    [InlineData("10 45 ff", "PayloadMarkerWithoutPayload")]
    [InlineData("00 20", "ReservedCodeClass")]
    [InlineData("01 00 20", "EmptyWithContent")]
    public async Task MalformedMessage_IsAborted(string hex, string status)
    {
        (CoapConnection connection, ScriptedPeer peer) = Start(new CoapConnectionOptions());

        await peer.SendAsync(hex);

        await AssertAborted(connection, peer, status);
    }

    [Fact]
    public async Task MessageAboveOurMaxMessageSize_IsAbortedBeforeItArrives()
    {
        (CoapConnection connection, ScriptedPeer peer) = Start(new CoapConnectionOptions { MaxMessageSize = 2000 });

        await peer.SendAsync("e0 06 c4");   // header of 2001 bytes and more

        await AssertAborted(connection, peer, "MessageTooLarge");
    }

    [Fact]
    public async Task CriticalOptionInACsm_IsAbortedWithBadCsmOption()
    {
        (CoapConnection connection, ScriptedPeer peer) = Start(new CoapConnectionOptions(), sendCsm: false);

        await peer.SendAsync(CoapCode.Csm, [], [((CoapOptionNumber)9, [1])]);

        PlainMessage abort = await AssertAborted(connection, peer, "critical option 9");
        Assert.Equal(["2: 09"], Messages.Describe(abort.Options));
    }

    [Fact]
    public async Task CriticalOptionInAPing_IsAbortedWithoutBadCsmOption()
    {
        (CoapConnection connection, ScriptedPeer peer) = Start(new CoapConnectionOptions());

        await peer.SendAsync(CoapCode.Ping, [1], [((CoapOptionNumber)3, [])]);

        Assert.Empty((await AssertAborted(connection, peer, "critical option 3")).Options);
    }

    [Fact]
    public async Task NoCsmInTime_IsAborted()
    {
        (CoapConnection connection, ScriptedPeer peer) = Start(new CoapConnectionOptions { CsmTimeout = TimeSpan.FromMilliseconds(30) }, sendCsm: false);

        await AssertAborted(connection, peer, "no CSM in time");
    }

    [Fact]
    public async Task NoCsm_WhereAllowed_HasTheBaseValues()
    {
        (_, ScriptedPeer peer) = Start(new CoapConnectionOptions { AllowMissingCsm = true, Handler = Answer(() => { }) }, sendCsm: false);
        await peer.ReceiveAsync();

        await peer.SendAsync(CoapCode.Get, [7]);

        Assert.Equal(CoapCode.Content, (await peer.ReceiveAsync())!.Code);
    }

    [Fact]
    public async Task ElectiveOptionsInACsm_AreIgnored()
    {
        (CoapConnection connection, ScriptedPeer peer) = Start(new CoapConnectionOptions(), sendCsm: false);

        await peer.SendAsync(CoapCode.Csm, [], [((CoapOptionNumber)2, [1, 2, 3, 4, 5]), ((CoapOptionNumber)100, [1])]);

        await AssertAlive(connection, peer);
    }

    [Fact]
    public async Task OwnCsm_IsTheFirstMessage()
    {
        (_, ScriptedPeer peer) = Start(new CoapConnectionOptions { MaxMessageSize = 0x1234 }, sendCsm: false);

        PlainMessage csm = (await peer.ReceiveAsync())!;

        Assert.Equal(CoapCode.Csm, csm.Code);
        Assert.Equal(["2: 1234", "4: "], Messages.Describe(csm.Options));
    }

    [Fact]
    public async Task Ping_IsAnsweredWithItsTokenAndCustody()
    {
        (_, ScriptedPeer peer) = Start(new CoapConnectionOptions());
        await peer.ReceiveAsync();

        await peer.SendAsync(CoapCode.Ping, [1, 2, 3], [(CoapSignallingOption.Custody, [])]);
        PlainMessage pong = (await peer.ReceiveAsync())!;

        Assert.Equal(CoapCode.Pong, pong.Code);
        Assert.Equal([1, 2, 3], pong.Token);
        Assert.Equal(["2: "], Messages.Describe(pong.Options));
    }

    [Fact]
    public async Task Ping_WhileARequestIsHandled_PromisesNoCustody()
    {
        var hold = new TaskCompletionSource<CoapResponse>();
        (_, ScriptedPeer peer) = Start(new CoapConnectionOptions { Handler = (_, _) => new(hold.Task) });
        await peer.ReceiveAsync();

        await peer.SendAsync(CoapCode.Get, [9]);
        await peer.SendAsync(CoapCode.Ping, [1], [(CoapSignallingOption.Custody, [])]);

        Assert.Empty((await peer.ReceiveAsync())!.Options);
        hold.SetResult(CoapResponse.Changed());
    }

    [Fact]
    public async Task EmptyMessage_IsIgnored()
    {
        (CoapConnection connection, ScriptedPeer peer) = Start(new CoapConnectionOptions());

        await peer.SendAsync("00 00 00 00");

        await AssertAlive(connection, peer);
    }

    [Fact]
    public async Task ResponseThatNobodyAskedFor_IsIgnored()
    {
        (CoapConnection connection, ScriptedPeer peer) = Start(new CoapConnectionOptions());

        await peer.SendAsync(CoapCode.Content, [1, 2, 3, 4], null, "spoofed");
        await peer.SendAsync(CoapCode.Content, [], null, "spoofed");
        await peer.SendAsync(CoapCode.Pong, [1, 2, 3, 4, 5]);

        await AssertAlive(connection, peer);
    }

    [Fact]
    public async Task Abort_FailsWhatIsUnderWay()
    {
        (CoapConnection connection, ScriptedPeer peer) = Start(new CoapConnectionOptions());
        Task<CoapResponse> request = connection.GetAsync("/t");

        await peer.SendAsync(CoapCode.Abort, [], null, "had enough");

        CoapException e = await Assert.ThrowsAsync<CoapException>(() => request);
        Assert.Equal(CoapError.AbortedByPeer, e.Error);
        Assert.Contains("had enough", e.Message, StringComparison.Ordinal);
        await connection.Completion;
        Assert.Equal(CoapError.AbortedByPeer, connection.EndReason);
    }

    [Fact]
    public async Task StreamThatEndsInsideAMessage_IsALostConnection()
    {
        (CoapConnection connection, ScriptedPeer peer) = Start(new CoapConnectionOptions());
        Task<CoapResponse> request = connection.GetAsync("/t");

        await peer.SendAsync("71 45 20 ff");
        await peer.EndAsync();

        Assert.Equal(CoapError.ConnectionLost, (await Assert.ThrowsAsync<CoapException>(() => request)).Error);
        await connection.Completion;
        Assert.Equal(CoapError.ConnectionLost, (await Assert.ThrowsAsync<CoapException>(() => connection.GetAsync("/t"))).Error);
    }

    [Fact]
    public async Task Release_LetsTheHandlerFinish_ThenTheConnectionEnds()
    {
        var hold = new TaskCompletionSource<CoapResponse>();
        (CoapConnection connection, ScriptedPeer peer) = Start(new CoapConnectionOptions { Handler = (_, _) => new(hold.Task) });
        await peer.ReceiveAsync();

        await peer.SendAsync(CoapCode.Get, [9]);
        await peer.SendAsync(CoapCode.Release, []);
        await peer.SendAsync(CoapCode.Ping, [1]);
        Assert.Equal(CoapCode.Pong, (await peer.ReceiveAsync())!.Code);
        Assert.Equal(CoapTcpState.Releasing, connection.State);
        Assert.Equal(CoapError.Released, (await Assert.ThrowsAsync<CoapException>(() => connection.GetAsync("/t"))).Error);
        hold.SetResult(CoapResponse.Content("done"));

        Assert.Equal("done", Encoding.UTF8.GetString((await peer.ReceiveAsync())!.Payload));
        Assert.Null(await peer.ReceiveAsync());
        await connection.Completion;
        Assert.Equal(CoapError.Released, connection.EndReason);
    }

    [Fact]
    public async Task PeerThatIgnoresOurRelease_IsLeftAfterTheTimeout()
    {
        (CoapConnection connection, ScriptedPeer peer) = Start(new CoapConnectionOptions { CloseTimeout = TimeSpan.FromMilliseconds(50) });
        await peer.ReceiveAsync();

        await connection.CloseAsync();

        Assert.Equal(CoapCode.Release, (await peer.ReceiveAsync())!.Code);
        Assert.Null(await peer.ReceiveAsync());
        Assert.Equal(CoapError.Released, connection.EndReason);
    }

    [Fact]
    public async Task PeersMaxMessageSize_IsObeyed()
    {
        (CoapConnection connection, ScriptedPeer peer) = Start(new CoapConnectionOptions(), sendCsm: false);
        await peer.SendAsync(CoapCode.Csm, [], [(CoapSignallingOption.MaxMessageSize, [40])]);
        await AssertAlive(connection, peer);

        CoapException e = await Assert.ThrowsAsync<CoapException>(() => connection.PublishAsync("/t", new byte[40]));

        Assert.Equal(CoapError.MessageTooLarge, e.Error);
        await AssertAlive(connection, peer);
    }

    [Fact]
    public async Task PeersMaxMessageSize_IsClampedToOurs()
    {
        (CoapConnection connection, ScriptedPeer peer) = Start(new CoapConnectionOptions { MaxMessageSize = 1200 }, sendCsm: false);
        await peer.SendAsync(CoapCode.Csm, [], [(CoapSignallingOption.MaxMessageSize, [255, 255, 255, 255])]);
        await AssertAlive(connection, peer);

        Assert.Equal(CoapError.MessageTooLarge, (await Assert.ThrowsAsync<CoapException>(() => connection.PublishAsync("/t", new byte[1200]))).Error);
    }

    [Fact]
    public async Task RequestBeforeThePeersCsm_IsSentWithinTheBaseValue_AndALargerOneWaits()
    {
        (CoapConnection connection, ScriptedPeer peer) = Start(new CoapConnectionOptions(), sendCsm: false);
        await peer.ReceiveAsync();

        Task<CoapResponse> request = connection.GetAsync("/t");
        Task<CoapResponse> large = connection.PutAsync("/t", new byte[2000]);

        PlainMessage received = (await peer.ReceiveAsync())!;
        Assert.Equal(CoapCode.Get, received.Code);
        await peer.SendAsync(CoapCode.Csm, [], [(CoapSignallingOption.MaxMessageSize, [0x10, 0x00])]);
        await peer.SendAsync(CoapCode.Content, received.Token, null, "ok");
        Assert.Equal("ok", (await request).GetText());
        received = (await peer.ReceiveAsync())!;
        Assert.Equal(2000, received.Payload.Length);
        await peer.SendAsync(CoapCode.Changed, received.Token);
        Assert.Equal(CoapCode.Changed, (await large).Code);
    }

    private (CoapConnection Connection, ScriptedPeer Peer) Start(CoapConnectionOptions options, bool sendCsm = true)
    {
        var peer = new ScriptedPeer(_pair.Far);
        if (sendCsm)
        {
            peer.SendCsmAsync().GetAwaiter().GetResult();
        }

        return (CoapConnection.Start(_pair.Near, options), peer);
    }

    private static CoapHandler Answer(Action action) => (_, _) =>
    {
        action();
        return new(CoapResponse.Content("ok"));
    };

    private static async Task<PlainMessage> AssertAborted(CoapConnection connection, ScriptedPeer peer, string diagnostic)
    {
        Assert.Equal(CoapCode.Csm, (await peer.ReceiveAsync())!.Code);
        PlainMessage abort = (await peer.ReceiveAsync())!;
        Assert.Equal(CoapCode.Abort, abort.Code);
        Assert.Contains(diagnostic, Encoding.UTF8.GetString(abort.Payload), StringComparison.Ordinal);
        Assert.Null(await peer.ReceiveAsync());
        await connection.Completion;
        Assert.Equal(CoapTcpState.Closed, connection.State);
        Assert.Equal(CoapError.ProtocolViolation, connection.EndReason);
        return abort;
    }

    /// <summary>The connection is open and answers; what it sent before is skipped.</summary>
    private static async Task AssertAlive(CoapConnection connection, ScriptedPeer peer)
    {
        byte[] token = [0xa1, 0x1e];
        await peer.SendAsync(CoapCode.Ping, token);
        PlainMessage? message;
        do
        {
            message = await peer.ReceiveAsync();
            Assert.NotNull(message);
        }
        while (message.Code != CoapCode.Pong);

        Assert.Equal(token, message.Token);
        Assert.Equal(CoapTcpState.Open, connection.State);
    }
}
