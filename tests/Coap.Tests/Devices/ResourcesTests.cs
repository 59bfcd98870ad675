using System.Text;
using Flint.Coap.Tests.Properties;
using Flint.Coap.Tests.Rfc8323;
using Flint.Testing;

namespace Flint.Coap.Tests.Devices;

/// <summary>docs/spec/device-mapping.md sections 2 and 3, over a connection.</summary>
public sealed class ResourcesTests : IAsyncLifetime
{
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CoapConnection _device = null!;
    private CoapConnection _server = null!;
    private DeviceProxy _proxy = null!;

    public ValueTask InitializeAsync()
    {
        var router = new CoapRouter();
        new DeviceResources { MaxArgumentLength = 20 }
            .AddFunction("led", argument => argument == "on" ? 1 : -1)
            .AddFunction("length", argument => argument.Length)
            .AddFunction("echo", (argument, _) => new ValueTask<string>("<" + argument + ">"))
            .AddFunction("bad", (string _) => throw new InvalidDataException("secret"))
            .AddFunction("hang", HangAsync)
            .AddVariable("temperature", () => 22.3)
            .AddVariable("tiny", () => 1.5e-9)
            .AddVariable("count", () => -7)
            .AddVariable("open", () => true)
            .AddVariable("room", () => "hall ü")
            .AddVariable("broken", string () => throw new InvalidDataException("secret"))
            .MapTo(router);
        var pair = new PipePair();
        _device = CoapConnection.Start(pair.Near, new CoapConnectionOptions { Handler = router.HandleAsync });
        _server = CoapConnection.Start(pair.Far, new CoapConnectionOptions { Peer = new CoapPeer("3f00") });
        _proxy = new DeviceProxy(_server);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.CloseAsync();
        await _device.CloseAsync();
    }

    [Fact]
    public async Task Call_GivesTheResultOfTheFunction()
    {
        Assert.Equal("3f00", _proxy.Identity);
        Assert.Equal(1, await _proxy.CallAsync("led", "on"));
        Assert.Equal(-1, await _proxy.CallAsync("led"));
        Assert.Equal("<ü>", await _proxy.CallAsync<string>("echo", "ü"));
    }

    [Fact]
    public async Task Read_GivesEachTypeOfValue()
    {
        Assert.Equal(22.3, await _proxy.ReadAsync<double>("temperature"));
        Assert.Equal(1.5e-9, await _proxy.ReadAsync<double>("tiny"));
        Assert.Equal(-7, await _proxy.ReadAsync<int>("count"));
        Assert.True(await _proxy.ReadAsync<bool>("open"));
        Assert.Equal("hall ü", await _proxy.ReadAsync<string>("room"));
    }

    [Theory]
    [InlineData("temperature", "22.3")]
    [InlineData("tiny", "1.5E-09")]
    [InlineData("count", "-7")]
    [InlineData("open", "true")]
    public async Task Value_OnTheWire_IsPlainText(string variable, string text)
    {
        CoapResponse response = await _server.GetAsync("/v/" + variable);

        Assert.Equal((CoapCode.Content, CoapContentFormat.TextPlain, text), (response.Code, response.ContentFormat, response.GetText()));
    }

    [Fact]
    public async Task Value_OfAnotherType_IsAnErrorOfTheReadingSide()
    {
        Assert.Equal(CoapError.NotAValue, (await Assert.ThrowsAsync<CoapException>(() => _proxy.ReadAsync<int>("room"))).Error);
        Assert.Equal(CoapError.NotAValue, (await Assert.ThrowsAsync<CoapException>(() => _proxy.CallAsync("echo", "x"))).Error);
    }

    [Theory]
    [InlineData(CoapCode.Post, "/f/none", CoapCode.NotFound)]
    [InlineData(CoapCode.Get, "/v/none", CoapCode.NotFound)]
    [InlineData(CoapCode.Get, "/f/led", CoapCode.MethodNotAllowed)]
    [InlineData(CoapCode.Put, "/v/count", CoapCode.MethodNotAllowed)]
    [InlineData(CoapCode.Post, "/f/bad", CoapCode.InternalServerError)]
    [InlineData(CoapCode.Get, "/v/broken", CoapCode.InternalServerError)]
    public async Task Request_ThatCannotBeAnswered_GetsItsCodeAndNothingElse(CoapCode method, string path, CoapCode code)
    {
        CoapResponse response = await _server.SendAsync(new CoapRequest(method, path));

        Assert.Equal((code, 0), (response.Code, response.Payload.Length));
    }

    [Theory]
    [InlineData(CoapCode.Post, "/f/led", CoapContentFormat.Cbor, null, CoapCode.NotAcceptable)]
    [InlineData(CoapCode.Get, "/v/count", CoapContentFormat.Cbor, null, CoapCode.NotAcceptable)]
    [InlineData(CoapCode.Get, "/.well-known/core", CoapContentFormat.Cbor, null, CoapCode.NotAcceptable)]
    [InlineData(CoapCode.Get, "/.well-known/core", CoapContentFormat.LinkFormat, null, CoapCode.Content)]
    [InlineData(CoapCode.Get, "/v/count", CoapContentFormat.TextPlain, null, CoapCode.Content)]
    [InlineData(CoapCode.Post, "/f/led", null, CoapContentFormat.Cbor, CoapCode.UnsupportedContentFormat)]
    [InlineData(CoapCode.Post, "/f/led", null, CoapContentFormat.TextPlain, CoapCode.Changed)]
    public async Task Formats_OtherThanText_AreRefused(CoapCode method, string path, CoapContentFormat? accept, CoapContentFormat? format, CoapCode code)
    {
        var request = new CoapRequest(method, path) { ContentFormat = format };
        if (accept is CoapContentFormat wanted)
        {
            request.Options.Add(CoapOptionNumber.Accept, (uint)wanted);
        }

        Assert.Equal(code, (await _server.SendAsync(request)).Code);
    }

    [Fact]
    public async Task Argument_ThatIsTooLong_IsRefused()
    {
        Assert.Equal(20, await _proxy.CallAsync("length", new string('x', 20)));
        Assert.Equal(CoapCode.RequestEntityTooLarge, (await _server.PostAsync("/f/length", new byte[21])).Code);
    }

    [Fact]
    public async Task Function_WhoseCallerGoes_IsCancelled()
    {
        Task<int> call = _proxy.CallAsync("hang");
        await _server.PingAsync();
        await _server.CloseAsync();

        await _cancelled.Task.WaitAsync(Eventually.Limit);
        await Assert.ThrowsAsync<CoapException>(() => call);
    }

    [Fact]
    public async Task Description_NamesFunctionsThenVariables()
    {
        Assert.Equal(
            "</f/led>,</f/length>,</f/echo>,</f/bad>,</f/hang>,</v/temperature>;obs,</v/tiny>;obs,</v/count>;obs,</v/open>;obs,</v/room>;obs,</v/broken>;obs",
            (await _server.GetAsync("/.well-known/core")).GetText());
        DeviceDescription description = await _proxy.DescribeAsync();
        Assert.Equal(["led", "length", "echo", "bad", "hang"], description.Functions);
        Assert.Equal(["temperature", "tiny", "count", "open", "room", "broken"], description.Variables);
        Assert.Equal(description.Variables, description.Observable);
    }

    [Theory]
    [InlineData("", "", "", "")]
    [InlineData("</f/a>,</v/b>", "a", "b", "")]
    [InlineData("""</f/a>;title="x,;</v/no>;\",obs";rt=led,</v/b>;obs,</o/c>;obs,</v/a/b>""", "a", "b", "b")]
    [InlineData("</v/b>;obs;ct=0,</v/c>;obsolete", "", "b c", "b")]
    public void Links_OfAnyDevice_AreReadForWhatTheySay(string links, string functions, string variables, string observable)
    {
        DeviceDescription description = DeviceLinks.Read(Encoding.UTF8.GetBytes(links));

        Assert.Equal((functions, variables, observable), (string.Join(' ', description.Functions), string.Join(' ', description.Variables), string.Join(' ', description.Observable)));
    }

    [Theory]
    [InlineData("</v/b>x,</v/c>")]
    [InlineData("</v/b")]
    [InlineData("nonsense")]
    public void Links_ThatAreNone_AreAnError(string links) =>
        Assert.Equal(CoapError.NotAValue, Assert.Throws<CoapException>(() => DeviceLinks.Read(Encoding.UTF8.GetBytes(links))).Error);

    [Theory]
    [InlineData("?rt=x", "")]
    [InlineData("?href=/f/*", "</f/led>,</f/length>,</f/echo>,</f/bad>,</f/hang>")]
    [InlineData("?href=/v/count", "</v/count>;obs")]
    public async Task Description_WithAFilter_NamesWhatItLeaves(string filter, string links) =>
        Assert.Equal(links, (await _server.GetAsync("/.well-known/core" + filter)).GetText());

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("ü")]
    [InlineData("%41")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public async Task Name_ThatIsNone_IsRefusedOnBothSides(string name)
    {
        var resources = new DeviceResources();
        Assert.Throws<ArgumentException>(() => resources.AddFunction(name, _ => 0));
        Assert.Throws<ArgumentException>(() => resources.AddVariable(name, () => 0));
        await Assert.ThrowsAsync<ArgumentException>(() => _proxy.CallAsync(name));
        await Assert.ThrowsAsync<ArgumentException>(() => _proxy.ReadAsync<int>(name));
        Assert.Throws<ArgumentException>(() => _proxy.ObserveAsync<int>(name));
    }

    [Fact]
    public void Name_ThatIsTaken_IsRefused()
    {
        DeviceResources resources = new DeviceResources().AddFunction("a", _ => 0).AddVariable("a", () => 0);

        Assert.Throws<ArgumentException>(() => resources.AddFunction("a", _ => 0));
        Assert.Throws<ArgumentException>(() => resources.AddVariable("a", () => ""));
    }

    [Fact]
    public void Events_OfAProxyWithoutAHub_AreAnError() => Assert.Throws<InvalidOperationException>(() => _proxy.EventsAsync());

    [Fact]
    public async Task StrangersRequest_AsBytes_IsAnsweredAsTheSpecificationSays()
    {
        // Byte for byte what any CoAP client sends for POST /f/led "on".
        var pair = new PipePair();
        var router = new CoapRouter();
        new DeviceResources().AddFunction("led", argument => argument == "on" ? 1 : 0).MapTo(router);
        CoapConnection device = CoapConnection.Start(pair.Near, new CoapConnectionOptions { Handler = router.HandleAsync });
        var stranger = new ScriptedPeer(pair.Far);
        await stranger.SendCsmAsync();
        await stranger.SendAsync("91 02 07 b1 66 03 6c 65 64 ff 6f 6e");
        Assert.Equal(CoapCode.Csm, (await stranger.ReceiveAsync())!.Code);

        PlainMessage answer = (await stranger.ReceiveAsync())!;

        Assert.Equal("3144" + "07" + "C0" + "FF" + "31", Convert.ToHexString(answer.WriteTcp()));
        await stranger.EndAsync();
        await device.Completion;
    }

    private async ValueTask<string> HangAsync(string argument, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            _cancelled.SetResult();
        }

        return "";
    }
}
