using Flint.Testing;

namespace Flint.Coap.Tests.Rfc8323;

/// <summary>Both ends of a connection over pipes in memory.</summary>
internal sealed record Ends(CoapConnection Near, CoapConnection Far) : IAsyncDisposable
{
    public static Ends Start(CoapConnectionOptions? near = null, CoapConnectionOptions? far = null)
    {
        var pair = new PipePair();
        return new Ends(CoapConnection.Start(pair.Near, near), CoapConnection.Start(pair.Far, far));
    }

    /// <summary>Waits until both have the other's CSM.</summary>
    public async Task<Ends> SettledAsync()
    {
        await Task.WhenAll(Near.PingAsync(), Far.PingAsync()).WaitAsync(Eventually.Limit);
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Near.CloseAsync(), Far.CloseAsync());
    }
}
