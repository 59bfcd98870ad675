namespace Flint.Coap;

/// <summary>An attribute of a link (RFC 6690 section 2).</summary>
/// <param name="Name">Its name, such as "rt".</param>
/// <param name="Value">Its value without quotes; null where it has none, as "obs".</param>
public readonly record struct CoapLinkParameter(string Name, string? Value);
