using System;

namespace Flint.Ota.Testing;

/// <summary>The power went: thrown by <see cref="FaultFlash"/> out of the operation that it met, and through the engine, as a reset would be.</summary>
public sealed class PowerCutException : Exception
{
    /// <summary>A power cut.</summary>
    public PowerCutException()
        : base("The power was cut.")
    {
    }
}
