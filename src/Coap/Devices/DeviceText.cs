using System;
using System.Buffers;
using System.Globalization;

namespace Flint.Coap;

/// <summary>Names and values of the device mapping (docs/spec/device-mapping.md section 2).</summary>
internal static class DeviceText
{
    /// <summary>Whether a function or a variable may have that name.</summary>
    public static bool IsName(ReadOnlySpan<char> name) => name.Length is > 0 and <= MaxNameLength && !name.ContainsAnyExcept(NameCharacters);

    /// <summary>Whether an event may have that name.</summary>
    public static bool IsEventName(ReadOnlySpan<char> name)
    {
        int segments = 0;
        foreach (Range segment in name.Split('/'))
        {
            if (!IsName(name[segment]) || ++segments > MaxEventSegments)
            {
                return false;
            }
        }

        return name.Length <= MaxNameLength;
    }

    /// <summary>Whether the name of an event may begin so.</summary>
    public static bool IsEventPrefix(ReadOnlySpan<char> prefix)
    {
        foreach (char c in prefix)
        {
            if (c != '/' && !NameCharacters.Contains(c))
            {
                return false;
            }
        }

        return prefix.Length <= MaxNameLength;
    }

    public static string Format(bool value) => value ? "true" : "false";

    public static string Format<T>(T value)
        where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);

    /// <exception cref="CoapException"><see cref="CoapError.NotAValue"/>.</exception>
    public static T Parse<T>(string text)
        where T : IParsable<T> => T.TryParse(text, CultureInfo.InvariantCulture, out T? value)
            ? value
            : throw new CoapException(CoapError.NotAValue, $"The device's answer is no {typeof(T).Name}.");

    /// <exception cref="ArgumentException">It may not.</exception>
    public static void ThrowUnlessName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!IsName(name))
        {
            throw new ArgumentException($"\"{name}\" is no name: 1 to {MaxNameLength} letters, digits, '-', '.', '_' or '~'.", nameof(name));
        }
    }

    /// <exception cref="ArgumentException">It may not.</exception>
    public static void ThrowUnlessEventName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!IsEventName(name))
        {
            throw new ArgumentException(
                $"\"{name}\" is no name of an event: up to {MaxEventSegments} names with slashes between them, {MaxNameLength} characters together.", nameof(name));
        }
    }

    /// <exception cref="ArgumentException">It may not.</exception>
    public static void ThrowUnlessEventPrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (!IsEventPrefix(prefix))
        {
            throw new ArgumentException($"No event's name begins with \"{prefix}\".", nameof(prefix));
        }
    }

    // Specification: docs/spec/device-mapping.md section 2 and section 6.
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");
    private const int MaxNameLength = 64;
    private const int MaxEventSegments = 8;
}
