using System.Net;

namespace Flint.Coap.Tests.Rfc7967;

public sealed class NoResponseTests
{
    /// <summary>Section 2.1: each class has a bit of its own; 0 and the absence of the option want everything.</summary>
    [Theory]
    [InlineData(null, "2.04 4.04 5.00")]
    [InlineData(CoapResponseClasses.None, "2.04 4.04 5.00")]
    [InlineData(CoapResponseClasses.Success, "4.04 5.00")]
    [InlineData(CoapResponseClasses.ClientError, "2.04 5.00")]
    [InlineData(CoapResponseClasses.ServerError, "2.04 4.04")]
    [InlineData(CoapResponseClasses.Success | CoapResponseClasses.ServerError, "4.04")]
    [InlineData(CoapResponseClasses.All, "")]
    public async Task Server_SendsOnlyTheClassesThatAreWanted(CoapResponseClasses? unwanted, string expected)
    {
        CoapRouter router = new CoapRouter()
            .MapPost("/2", _ => CoapResponse.Changed())
            .MapPost("/5", _ => throw new InvalidOperationException("a bug"));
        await using CoapServer server = CoapServer.Start(router.HandleAsync, new() { Udp = null, Tcp = new IPEndPoint(IPAddress.Loopback, 0) });
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap+tcp://{server.TcpEndPoint}"));

        Task<CoapResponse>[] answers = [.. ((string[])["/2", "/4", "/5"]).Select(path => client.SendAsync(new CoapRequest(CoapCode.Post, path) { NoResponse = unwanted }))];

        // Responses come in order, so nothing can be behind the one to a later request.
        await client.PostAsync("/2", default);
        Task<CoapResponse>[] wanted = [.. answers.Where((_, i) => expected.Contains("245"[i] + ".", StringComparison.Ordinal))];
        Assert.Equal(expected, string.Join(' ', (await Task.WhenAll(wanted)).Select(response => response.Code.ToDotted())));
        Assert.All(answers.Except(wanted), unanswered => Assert.False(unanswered.IsCompleted));
        await client.DisposeAsync();
        foreach (Task<CoapResponse> unanswered in answers.Except(wanted))
        {
            await Assert.ThrowsAsync<CoapException>(() => unanswered);
        }
    }

    [Fact]
    public void Option_HasTheValuesOfTheRfc()
    {
        var request = new CoapRequest(CoapCode.Post, "/e") { NoResponse = CoapResponseClasses.All };

        Assert.Equal(["11: 65", "258: 1A"], Messages.Describe(request.Options.View));
        request.NoResponse = CoapResponseClasses.None;
        Assert.Equal(["11: 65", "258: "], Messages.Describe(request.Options.View));
        Assert.Equal(CoapResponseClasses.None, request.NoResponse);
        request.NoResponse = null;
        Assert.Null(request.NoResponse);
    }
}
