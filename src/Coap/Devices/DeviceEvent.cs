using System;
using System.Text;

namespace Flint.Coap;

/// <summary>An event (docs/spec/device-mapping.md section 4).</summary>
/// <param name="Name">Its name, such as "motion/hall".</param>
/// <param name="Data">What it says, at most 1024 bytes; perhaps empty.</param>
public sealed record DeviceEvent(string Name, ReadOnlyMemory<byte> Data)
{
    /// <summary>An event that says a text.</summary>
    public DeviceEvent(string name, string text)
        : this(name, Encoding.UTF8.GetBytes(text))
    {
    }

    /// <summary>What the data is; null where nobody said.</summary>
    public CoapContentFormat? ContentFormat { get; init; } = CoapContentFormat.TextPlain;

    /// <summary>How long it is worth knowing, in whole seconds.</summary>
    public TimeSpan TimeToLive { get; init; } = DefaultTimeToLive;

    /// <summary>Whether it is for the server's own program only.</summary>
    public bool IsPrivate { get; init; }

    /// <summary>The identity of the device that published it, as its transport stated it; null where there is none.</summary>
    public string? Publisher { get; init; }

    /// <summary>Its number at the server that took it; 0 before.</summary>
    public ulong Number { get; init; }

    /// <summary>How many events before it this subscriber has missed, because it reads more slowly than they come.</summary>
    public long Missed { get; init; }

    /// <summary>The data as text.</summary>
    public string GetText() => Encoding.UTF8.GetString(Data.Span);

    // Specification: RFC 7252 section 5.10.5.
    internal static readonly TimeSpan DefaultTimeToLive = TimeSpan.FromSeconds(60);

    // Specification: docs/spec/device-mapping.md section 6.
    internal const int MaxDataLength = 1024;
}
