namespace Flint.Coap;

/// <summary>A response that fits a message, made of a part of a body.</summary>
/// <param name="Response">The response, without Observe.</param>
/// <param name="IsLast">Whether the body ends with it.</param>
internal readonly record struct CoapPart(CoapResponse Response, bool IsLast);
