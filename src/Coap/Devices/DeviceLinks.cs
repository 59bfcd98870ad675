using System;
using System.Collections.Generic;

namespace Flint.Coap;

/// <summary>What the links of a device say about its functions and variables (docs/spec/device-mapping.md section 3, RFC 6690 section 2).</summary>
internal static class DeviceLinks
{
    /// <summary>Reads as far as the text is in the link format; links and attributes that mean nothing here are passed over.</summary>
    public static DeviceDescription Read(ReadOnlySpan<char> text)
    {
        var functions = new List<string>();
        var variables = new List<string>();
        var observable = new List<string>();
        while (TryReadLink(ref text, out ReadOnlySpan<char> target, out bool isObservable))
        {
            if (TryReadName(target, "/f/", out string function))
            {
                functions.Add(function);
            }
            else if (TryReadName(target, "/v/", out string variable))
            {
                variables.Add(variable);
                if (isObservable)
                {
                    observable.Add(variable);
                }
            }
        }

        return new DeviceDescription(functions, variables, observable);
    }

    private static bool TryReadName(ReadOnlySpan<char> target, string prefix, out string name)
    {
        name = target.StartsWith(prefix, StringComparison.Ordinal) ? target[prefix.Length..].ToString() : "";
        return DeviceText.IsName(name);
    }

    private static bool TryReadLink(ref ReadOnlySpan<char> text, out ReadOnlySpan<char> target, out bool isObservable)
    {
        isObservable = false;
        int end = text.IndexOf('>');
        if (!text.StartsWith('<') || end < 0)
        {
            target = default;
            return false;
        }

        target = text[1..end];
        text = text[(end + 1)..];
        while (text.StartsWith(';'))
        {
            int length = AttributeLength(text[1..]);
            isObservable |= text.Slice(1, length).SequenceEqual("obs");
            text = text[(1 + length)..];
        }

        text = text.StartsWith(',') ? text[1..] : default;
        return true;
    }

    /// <summary>Up to the next separator that does not stand between quotation marks.</summary>
    private static int AttributeLength(ReadOnlySpan<char> text)
    {
        bool isQuoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '"':
                    isQuoted = !isQuoted;
                    break;
                case '\\' when isQuoted:
                    i++;
                    break;
                case ';' or ',' when !isQuoted:
                    return i;
                default:
                    break;
            }
        }

        return text.Length;
    }
}
