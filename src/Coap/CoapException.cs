using System;

namespace Flint.Coap;

/// <summary>A request got no usable response; <see cref="Error"/> says why.</summary>
public sealed class CoapException : Exception
{
    /// <summary>Made by the library, and by tests of code that uses it.</summary>
    public CoapException(CoapError error, string message, Exception? innerException = null)
        : base(message, innerException) => Error = error;

    /// <summary>The response, where the reason is its code; null otherwise. <see cref="CoapResponse.TryGetProblem"/> reads its details.</summary>
    public CoapResponse? Response { get; init; }

    /// <summary>The reason.</summary>
    public CoapError Error { get; }
}
