using Flint.Device.Nano.Tests.Support;

namespace Flint.Device.Nano.Tests;

/// <summary>The endpoint alone: signalling, matching, refusals; and the device's resources behind it.</summary>
public sealed class CoapEndpointTests
{
    private readonly CoapPeer _peer = new();

    [Theory]
    [InlineData("0044")]
    [InlineData("010101")]
    [InlineData("01e201")]
    public void Message_BeforeTheCsm_IsAbortedOrRefused(string hex)
    {
        _peer.Give(Convert.FromHexString(hex));

        Assert.True(_peer.Endpoint.IsEnded);
        Assert.Equal([0x00, 0xE5], _peer.Take());
    }

    [Theory]
    [InlineData("00e1f0", CoapReadStatus.Ok)]
    [InlineData("10e1f0", CoapReadStatus.ReservedOptionDelta)]
    [InlineData("f0ffffffff", CoapReadStatus.MessageTooLarge)]
    [InlineData("00e10f", CoapReadStatus.ReservedTokenLength)]
    public void Bytes_ThatAreNoMessage_AbortTheConnection(string hex, CoapReadStatus refusal)
    {
        _peer.Give(Convert.FromHexString(hex));

        Assert.Equal(refusal, _peer.Endpoint.Refusal);
        Assert.Equal(refusal != CoapReadStatus.Ok, _peer.Endpoint.IsEnded);
        if (refusal != CoapReadStatus.Ok)
        {
            Assert.Equal([0x00, 0xE5], _peer.Take());
            Assert.False(_peer.Endpoint.CanRequest);
        }
    }

    [Fact]
    public void Csm_IsTheFirstMessage_AndBoundsWhatIsWritten()
    {
        _peer.Endpoint.Start();
        Assert.Equal(Convert.FromHexString("40e122020020"), _peer.Take());
        _peer.Give(Convert.FromHexString("30e1220050"));
        Assert.Equal(80, _peer.Endpoint.OutputRoom);
        _peer.Give(Convert.FromHexString("20e12101"));
        Assert.Equal(64, _peer.Endpoint.OutputRoom);
        _peer.Give(Convert.FromHexString("50e124ffffffff"));
        Assert.Equal(300, _peer.Endpoint.OutputRoom);
        _peer.Give(Convert.FromHexString("10e110"));
        Assert.True(_peer.Endpoint.IsEnded);
    }

    [Fact]
    public void Ping_IsAnsweredAndReleaseEnds()
    {
        _peer.Give(Convert.FromHexString("00e103e2010203"));
        Assert.Equal(Convert.FromHexString("03e3010203"), _peer.Take());
        _peer.Give(Convert.FromHexString("000000e30080"));
        Assert.False(_peer.Endpoint.IsEnded);
        Assert.Equal(0, _peer.Endpoint.OutputCount);
        _peer.Give(Convert.FromHexString("00e4"));
        Assert.True(_peer.Endpoint.IsEnded);
    }

    [Fact]
    public void Responses_AreMatchedByTokenOnce()
    {
        _peer.Give(Convert.FromHexString("00e1"));
        _peer.Endpoint.BeginRequest(CoapCode.Get, true, out int first);
        _peer.Endpoint.Complete();
        byte[] request = _peer.Take();
        _peer.Endpoint.BeginRequest(CoapCode.Get, true, out int second);
        _peer.Endpoint.Complete();
        _peer.Take();
        Assert.Equal(2, _peer.Endpoint.RequestsInFlight);

        byte[] response = [0x04, CoapCode.Content, .. request[2..6]];
        _peer.Give([.. response, .. response, 0x01, CoapCode.Content, 9]);
        Assert.Equal([first], _peer.Responses);
        _peer.Endpoint.Forget(second);
        _peer.Give([0x04, CoapCode.Content, 0, 0, 0, (byte)second]);
        Assert.Equal([first], _peer.Responses);
        Assert.Equal(0, _peer.Endpoint.RequestsInFlight);
    }

    [Fact]
    public void Requests_MoreThanEightWaiting_AreNotBegun()
    {
        _peer.Give(Convert.FromHexString("00e1"));
        for (int i = 0; i < 8; i++)
        {
            _peer.Endpoint.BeginRequest(CoapCode.Get, true, out _);
            _peer.Endpoint.Complete();
            _peer.Take();
        }

        Assert.False(_peer.Endpoint.CanRequest);
        Assert.Throws<InvalidOperationException>(() => _peer.Endpoint.BeginRequest(CoapCode.Get, true, out _));
    }

    [Theory]
    [InlineData(CoapCode.Post, "f/double", "21", CoapCode.Changed, "42")]
    [InlineData(CoapCode.Post, "f/double", "-1073741824", CoapCode.Changed, "-2147483648")]
    [InlineData(CoapCode.Post, "f/double", "x", CoapCode.InternalServerError, "")]
    [InlineData(CoapCode.Get, "f/double", "", CoapCode.MethodNotAllowed, "")]
    [InlineData(CoapCode.Post, "f/none", "", CoapCode.NotFound, "")]
    [InlineData(CoapCode.Get, "v/temperature", "", CoapCode.Content, "22.3")]
    [InlineData(CoapCode.Put, "v/temperature", "", CoapCode.MethodNotAllowed, "")]
    [InlineData(CoapCode.Get, "v/broken", "", CoapCode.InternalServerError, "")]
    [InlineData(CoapCode.Get, "v", "", CoapCode.NotFound, "")]
    [InlineData(CoapCode.Get, "v/temperature/more", "", CoapCode.NotFound, "")]
    [InlineData(CoapCode.Get, "", "", CoapCode.NotFound, "")]
    public void Resource_Request_IsAnswered(byte method, string path, string payload, byte code, string expected)
    {
        _peer.Give(Convert.FromHexString("00e1"));
        CoapReader response = _peer.Ask(method, path, payload);

        Assert.Equal(code, response.Code);
        Assert.Equal(expected, _peer.Payload(response));
    }

    [Theory]
    [InlineData(5, 0u, CoapCode.BadOption)]
    [InlineData(35, 1u, CoapCode.BadOption)]
    [InlineData(23, 7u, CoapCode.Content)]
    [InlineData(27, 2u, CoapCode.Content)]
    [InlineData(14, 2u, CoapCode.Content)]
    public void Resource_CriticalOptionThatIsNotUnderstood_IsRefused(int option, uint value, byte code)
    {
        _peer.Give(Convert.FromHexString("00e1"));

        Assert.Equal(code, _peer.Ask(CoapCode.Get, "v/temperature", "", (option, value)).Code);
    }

    [Fact]
    public void Observation_OfAVariable_NotifiesChangesUntilItEnds()
    {
        _peer.Give(Convert.FromHexString("00e1"));
        CoapReader first = _peer.Ask(CoapCode.Get, "v/count", "", (6, 0));
        Assert.True(first.NextOption());
        Assert.Equal(CoapOptionNumber.Observe, first.OptionNumber);
        Assert.False(_peer.Resources.Notify(_peer.Endpoint));

        _peer.Count = 5;
        Assert.True(_peer.Resources.Notify(_peer.Endpoint));
        Assert.Equal("5", _peer.Payload(_peer.Read()));
        Assert.False(_peer.Resources.Notify(_peer.Endpoint));

        // The same token again replaces the observation, it does not double it; 1 ends it.
        _peer.Ask(CoapCode.Get, "v/count", "", (6, 0));
        _peer.Count = 6;
        Assert.True(_peer.Resources.Notify(_peer.Endpoint));
        _peer.Take();
        Assert.False(_peer.Resources.Notify(_peer.Endpoint));
        _peer.Ask(CoapCode.Get, "v/count", "", (6, 1));
        _peer.Count = 7;
        Assert.False(_peer.Resources.Notify(_peer.Endpoint));

        _peer.Ask(CoapCode.Get, "v/count", "", (6, 0));
        _peer.Count = -1;
        Assert.True(_peer.Resources.Notify(_peer.Endpoint));
        Assert.Equal(CoapCode.InternalServerError, _peer.Read().Code);
        _peer.Count = 8;
        Assert.False(_peer.Resources.Notify(_peer.Endpoint));
    }

    [Fact]
    public void Observation_AfterAConnectionThatEndedInARound_IsInTheNextRound()
    {
        _peer.Give(Convert.FromHexString("00e1"));
        _peer.Ask(CoapCode.Get, "v/count", "", (6, 0));
        _peer.Count = 1;
        Assert.True(_peer.Resources.Notify(_peer.Endpoint));
        _peer.Take();

        _peer.Resources.Forget();
        _peer.Ask(CoapCode.Get, "v/count", "", (6, 0));
        _peer.Count = 2;
        Assert.True(_peer.Resources.Notify(_peer.Endpoint));
    }

    [Fact]
    public void Description_Long_ComesInBlocks()
    {
        _peer.Give(Convert.FromHexString("00e1"));
        string text = "";
        for (uint block = 0; ; block++)
        {
            CoapReader response = _peer.Ask(CoapCode.Get, ".well-known/core", "", (23, (block << 4) | 2));
            Assert.Equal(CoapCode.Content, response.Code);
            text += _peer.Payload(response);
            uint value = _peer.Option(CoapOptionNumber.Block2);
            Assert.Equal(block, value >> 4);
            if ((value & 8) == 0)
            {
                break;
            }
        }

        Assert.Equal("</f/double>,</v/temperature>;obs,</v/broken>;obs,</v/long>;obs,</v/count>;obs", text);
        Assert.Equal(CoapCode.BadRequest, _peer.Ask(CoapCode.Get, ".well-known/core", "", (23, (9 << 4) | 2)).Code);
    }

    [Fact]
    public void Ping_AndMatchedResponse_AllocateNothing()
    {
        _peer.Give(Convert.FromHexString("00e1"));
        byte[] ping = Convert.FromHexString("03e2010203");
        byte[] response = [0x04, CoapCode.Content, 0, 0, 0, 0];
        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run()
        {
            for (int i = 0; i < 50; i++)
            {
                _peer.Endpoint.BeginRequest(CoapCode.Get, true, out int id).WriteOption(CoapOptionNumber.UriPath, "time");
                _peer.Endpoint.Complete();
                _peer.Endpoint.OnSent();
                response[5] = (byte)id;
                _peer.Endpoint.OnReceived(response, 0, response.Length);
                _peer.Endpoint.OnReceived(ping, 0, ping.Length);
                while (_peer.Endpoint.Next())
                {
                    _peer.Endpoint.OnSent();
                }
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(-10)]
    [InlineData(99999)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    [InlineData(uint.MaxValue)]
    public void Decimal_AnyNumber_IsThePlatforms(long value) =>
        Assert.Equal(value.ToString(System.Globalization.CultureInfo.InvariantCulture), DecimalText.Text(value));
}
