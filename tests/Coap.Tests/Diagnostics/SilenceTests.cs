using System.Diagnostics;
using Flint.Coap.Tests.Server;

namespace Flint.Coap.Tests.Diagnostics;

/// <summary>Metrics and activities cost no memory while nobody listens. Alone in the process while it runs, since a listener listens to all of it.</summary>
[Collection(nameof(ServerAllocationTests))]
public sealed class SilenceTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Request_WhileNobodyListens_AllocatesNothing(bool isServer)
    {
        CoapHandler measured = Measured(isServer);

        Assert.Equal(0, Allocated(measured));
        Assert.False(RequestMeasurement.IsWanted(isServer ? ActivityKind.Server : ActivityKind.Client));
    }

    /// <summary>The same calls with a listener: what the test above measures is not nothing by mistake, and it is nothing again when the listener has gone.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Request_WhileSomebodyListens_IsAnActivity(bool isServer)
    {
        CoapHandler measured = Measured(isServer);
        int stopped = 0;
        using (var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == CoapDiagnostics.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ => stopped++,
        })
        {
            ActivitySource.AddActivityListener(listener);
            Assert.True(Allocated(measured) > Requests * 100);
        }

        Assert.Equal(2 * Requests, stopped);
        Assert.Equal(0, Allocated(measured));
    }

    private static CoapHandler Measured(bool isServer)
    {
        CoapResponse response = CoapResponse.Content("22.3");
        CoapHandler handler = (_, _) => new(response);
        return isServer ? InstrumentedHandler.AroundServer(handler, "udp")! : InstrumentedHandler.AroundClient(handler, "udp");
    }

    private static long Allocated(CoapHandler handler)
    {
        var request = new CoapRequest(CoapCode.Get, "/v/temperature");
        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        return GC.GetAllocatedBytesForCurrentThread() - before;

        void Run()
        {
            for (int i = 0; i < Requests; i++)
            {
                Assert.True(handler(request, CancellationToken.None).IsCompletedSuccessfully);
            }
        }
    }

    private const int Requests = 100;
}
