using System;

namespace Flint.Coap;

/// <summary>Tells the program that a handler threw. What its own callback throws has nowhere to go and must not end the loop that serves everybody.</summary>
internal static class CoapHandlerFailure
{
    public static void Tell(Action<CoapRequest, Exception>? callback, CoapRequest request, Exception failure)
    {
        try
        {
            callback?.Invoke(request, failure);
        }
#pragma warning disable CA1031 // See above.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }
}
