using Flint.Device.Nano.Tests.Support;
using Flint.Ota;
using Flint.Testing;

namespace Flint.Device.Nano.Tests.EndToEnd;

/// <summary>Manifests in blocks from servers that do it well and badly. On the board's own clock, so nothing waits.</summary>
public sealed class OfferBlockTests
{
    private const int Hour = 3_600_000;
    private const uint More = 8;
    private readonly ScriptedBoard _board;
    private readonly DeviceAgent _agent;
    private readonly OtaEngine _engine;
    private readonly byte[] _envelope = new FileRelease(1, 6000).Source.Envelope.ToArray();
    private readonly List<uint> _asked = [];

    public OfferBlockTests()
    {
        var crypto = new ManagedCrypto(new SeededEntropy(7));
        _board = new ScriptedBoard();
        _agent = new DeviceAgent(new DeviceAgentSettings { Tunnel = TunnelFixture.Settings() }, _board, crypto, DeviceRandom.Create(_board, crypto));
        _engine = new FileDevice(new DeviceMemoryFlash()).Engine;
        _agent.UseUpdates(_engine, new NanoBoot(), null);
        _board.Takes = coap =>
        {
            Read(coap);
            return true;
        };
    }

    /// <summary>Answers the question for a block; the first one has none.</summary>
    private Action<uint, byte[]> Answer { get; set; } = (block, token) => { };

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(4)]
    public void Manifest_InBlocks_IsTaken(int exponent)
    {
        Answer = (block, token) => Serve(token, block >> 4, exponent, 1);
        RunFor(20_000);

        Assert.Equal((OtaStatus.Ok, OtaState.Downloading), (_agent.LastOffer, _engine.State));
        int size = 16 << exponent;
        Assert.Equal(Enumerable.Range(0, (_envelope.Length + size - 1) / size).Select(i => i == 0 ? 0 : (uint)((i << 4) | exponent)), _asked);
    }

    [Fact]
    public void Server_ThatGoesOverToSmallerBlocks_IsFollowed()
    {
        bool first = true;
        Answer = (block, token) =>
        {
            uint offset = (block >> 4) << (int)(4 + (block & 7));
            Serve(token, first ? 0 : offset >> 6, first ? 3 : 2, 1);
            first = false;
        };
        RunFor(20_000);

        Assert.Equal((OtaStatus.Ok, OtaState.Downloading), (_agent.LastOffer, _engine.State));
        Assert.Equal((1u << 4) | 3, _asked[1]);
        Assert.Equal((3u << 4) | 2, _asked[2]);
    }

    /// <summary>A server that ignores the number of the block is asked twice, not for ever, and the next time an hour later.</summary>
    [Fact]
    public void Server_ThatAlwaysGivesTheFirstBlock_IsNotAskedForEver()
    {
        Answer = (block, token) => Serve(token, 0, 4, 1);
        RunFor(Hour / 2);
        Assert.Equal(2, _asked.Count);
        RunFor(Hour);
        Assert.Equal(4, _asked.Count);
        Assert.Equal((OtaStatus.Ok, OtaState.Idle), (_agent.LastOffer, _engine.State));
    }

    [Theory]
    [InlineData("another tag")]
    [InlineData("no tag")]
    [InlineData("another number")]
    [InlineData("a short block")]
    [InlineData("a number of four bytes")]
    [InlineData("4.04")]
    public void Manifest_WhoseSecondBlockIsWrong_IsThrownAwayAndAskedForAnewFromItsStart(string kind)
    {
        bool bad = true;
        Answer = (block, token) =>
        {
            if (block >> 4 != 1 || !bad)
            {
                Serve(token, block >> 4, 3, 1);
                return;
            }

            bad = false;
            switch (kind)
            {
                case "another tag":
                    Serve(token, 1, 3, 2);
                    break;
                case "no tag":
                    Serve(token, 1, 3, 0);
                    break;
                case "another number":
                    Serve(token, 2, 3, 1);
                    break;
                case "a short block":
                    Reply(CoapCode.Content, token, 1, (1 << 4) | More | 3, _envelope[128..200]);
                    break;
                case "a number of four bytes":
                    Reply(CoapCode.Content, token, 1, (0x400000u << 4) | More | 3, _envelope[128..256]);
                    break;
                default:
                    Reply(CoapCode.NotFound, token, 0, uint.MaxValue, []);
                    break;
            }
        };
        RunFor(20_000);
        Assert.Equal((OtaStatus.Ok, OtaState.Idle), (_agent.LastOffer, _engine.State));
        Assert.Equal(2, _asked.Count);

        RunFor(Hour);
        Assert.Equal((OtaStatus.Ok, OtaState.Downloading), (_agent.LastOffer, _engine.State));
        Assert.Equal(0u, _asked[2]);
    }

    /// <summary>A whole answer in the middle of blocks is the answer; what came before it is nothing.</summary>
    [Fact]
    public void Manifest_WholeBehindAFirstBlock_IsTaken()
    {
        Answer = (block, token) =>
        {
            if (block == 0)
            {
                Serve(token, 0, 4, 1);
            }
            else
            {
                Reply(CoapCode.Content, token, 0, uint.MaxValue, _envelope);
            }
        };
        RunFor(20_000);

        Assert.Equal((OtaStatus.Ok, OtaState.Downloading), (_agent.LastOffer, _engine.State));
    }

    [Fact]
    public void Manifest_LongerThanAnyMayBe_IsThrownAway()
    {
        Answer = (block, token) => Reply(CoapCode.Content, token, 1, (block >> 4 << 4) | More | 4, new byte[256]);
        RunFor(Hour / 2);

        // 1024 bytes are the longest: with the fifth block it is over.
        Assert.Equal(5, _asked.Count);
        Assert.Equal(OtaState.Idle, _engine.State);
    }

    private void Serve(byte[] token, uint number, int exponent, byte etag)
    {
        int size = 16 << exponent;
        int start = (int)number * size;
        int end = Math.Min(start + size, _envelope.Length);
        Reply(CoapCode.Content, token, etag, (number << 4) | (end < _envelope.Length ? More : 0) | (uint)exponent, _envelope[start..end]);
    }

    private void Reply(byte code, byte[] token, byte etag, uint block, byte[] payload)
    {
        var writer = new CoapWriter();
        byte[] buffer = new byte[1200];
        writer.BeginStream(buffer, 0, buffer.Length, code, token, 0, token.Length);
        if (etag != 0)
        {
            writer.WriteOption(CoapOptionNumber.ETag, etag);
        }

        if (block != uint.MaxValue)
        {
            writer.WriteOption(CoapOptionNumber.Block2, block);
        }

        writer.WritePayload(payload, 0, payload.Length);
        Assert.Equal(CoapWriteStatus.Ok, writer.Complete());
        byte[] message = buffer[writer.Offset..(writer.Offset + writer.Length)];
        for (int at = 0; at < message.Length; at += 400)
        {
            _board.Send(message[at..Math.Min(at + 400, message.Length)]);
        }
    }

    private void Read(byte[] coap)
    {
        var reader = new CoapReader();
        if (reader.ReadStream(coap, 0, coap.Length, 1152) != CoapReadStatus.Ok || reader.Code != CoapCode.Get)
        {
            _board.Send([0x00, CoapCode.Pong]);
            return;
        }

        string path = "";
        uint block = 0;
        while (reader.NextOption())
        {
            path += reader.OptionNumber == CoapOptionNumber.UriPath ? (char)coap[reader.OptionOffset] : "";
            if (reader.OptionNumber == CoapOptionNumber.Block2)
            {
                Assert.True(reader.TryGetOptionUInt(out block));
            }
        }

        if (path == "u")
        {
            _asked.Add(block);
            Answer(block, coap[reader.TokenOffset..(reader.TokenOffset + reader.TokenLength)]);
        }
    }

    private void RunFor(long milliseconds)
    {
        long end = _board.Now + milliseconds;
        _board.StepUntil(_agent, () => _board.Now >= end);
    }
}
