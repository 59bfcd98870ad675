using System;

namespace Flint.Coap;

/// <summary>What a client was registered with.</summary>
/// <param name="Name">The name to ask for; the last registration of a name holds.</param>
/// <param name="Server">Where to connect.</param>
internal sealed record CoapClientRegistration(string Name, Uri Server);
