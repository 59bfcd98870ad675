using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>A transport with observers.</summary>
internal interface ICoapAudience
{
    /// <summary>A resource has a new representation: <see cref="CoapObservedResources.Hold"/>. Returns when the notifications are on their way.</summary>
    ValueTask OnChangedAsync(CoapObservedResource resource);
}
