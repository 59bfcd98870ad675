using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Flint.Coap;

/// <summary>A link to a resource with what is known of it (RFC 6690). Where an attribute that must not be repeated is, the first counts.</summary>
public sealed class CoapLink
{
    private readonly List<CoapLinkParameter> _attributes = [];

    /// <summary>A link without attributes.</summary>
    /// <param name="target">A URI reference, such as "/sensors/temp".</param>
    /// <exception cref="ArgumentException">It is empty or has a character that a target must not have.</exception>
    public CoapLink(string target)
    {
        ArgumentException.ThrowIfNullOrEmpty(target);
        if (!CoapLinkFormat.IsTarget(target))
        {
            throw new ArgumentException($"\"{target}\" is no target.", nameof(target));
        }

        Target = target;
    }

    internal CoapLink(string target, IEnumerable<CoapLinkParameter> attributes)
    {
        Target = target;
        _attributes.AddRange(attributes);
    }

    /// <summary>The URI reference between the angle brackets, as it stands there; it may be empty in a link that was read.</summary>
    public string Target { get; }

    /// <summary>The attributes, in their order.</summary>
    public IReadOnlyList<CoapLinkParameter> Attributes => _attributes;

    /// <summary>rt: names of what the resource means (section 3.1).</summary>
    /// <exception cref="ArgumentException">It is set to a name that is empty or has a space.</exception>
    public IReadOnlyList<string> ResourceTypes
    {
        get => Words("rt");
        init => SetWords("rt", value ?? throw new ArgumentNullException(nameof(value)));
    }

    /// <summary>if: names of how it is used (section 3.2).</summary>
    /// <exception cref="ArgumentException">It is set to a name that is empty or has a space.</exception>
    public IReadOnlyList<string> Interfaces
    {
        get => Words("if");
        init => SetWords("if", value ?? throw new ArgumentNullException(nameof(value)));
    }

    /// <summary>sz: the most bytes of its representation, worth telling above one message (section 3.3); null where it is absent or no number.</summary>
    public uint? MaximumSize
    {
        get => uint.TryParse(this["sz"], NumberStyles.None, CultureInfo.InvariantCulture, out uint size) ? size : null;
        init => Set("sz", value?.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>ct: the formats in which there are representations (RFC 7252 section 7.2.1). What is no format is left out.</summary>
    public IReadOnlyList<CoapContentFormat> ContentFormats
    {
        get => [.. Words("ct").Where(word => ushort.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out _)).Select(word => (CoapContentFormat)ushort.Parse(word, CultureInfo.InvariantCulture))];
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            Set("ct", value.Count == 0 ? null : string.Join(' ', value.Select(format => ((int)format).ToString(CultureInfo.InvariantCulture))));
        }
    }

    /// <summary>title: a name for people (RFC 8288 section 3.4.1).</summary>
    public string? Title
    {
        get => this["title"];
        init => Set("title", value);
    }

    /// <summary>obs: whether it makes sense to observe it (RFC 7641 section 6).</summary>
    public bool IsObservable
    {
        get => _attributes.Exists(attribute => attribute.Name == "obs");
        init
        {
            Set("obs", null);
            if (value)
            {
                _attributes.Add(new CoapLinkParameter("obs", null));
            }
        }
    }

    /// <summary>The value of the first attribute of this name; null where there is none, or it has no value.</summary>
    public string? this[string name] => _attributes.Find(attribute => attribute.Name == name).Value;

    /// <summary>This link with one more attribute.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value; null for none.</param>
    /// <exception cref="ArgumentException">The name has a character that it must not have, or the value a control character.</exception>
    public CoapLink With(string name, string? value = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return CoapLinkFormat.IsName(name)
            ? new CoapLink(Target, [.. _attributes, new CoapLinkParameter(name, Checked(value))])
            : throw new ArgumentException($"\"{name}\" is no name of an attribute.", nameof(name));
    }

    /// <summary>Whether a filter finds this link (section 4.1): "rt=temperature", where the words of rt, if, rel, rev and ct count one by one, "href=/sensors*" for the target, "obs" for any attribute.</summary>
    /// <param name="filter">The argument of a query. An asterisk at its end stands for any characters.</param>
    public bool Matches(string filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        int equals = filter.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? filter : filter[..equals];
        string? pattern = equals < 0 ? null : filter[(equals + 1)..];
        if (name == "href")
        {
            return pattern is null || IsMatch(pattern, Target);
        }

        foreach (CoapLinkParameter attribute in _attributes)
        {
            if (attribute.Name == name)
            {
                return pattern is null || (name is "rt" or "if" or "rel" or "rev" or "ct"
                    ? Words(name).Any(word => IsMatch(pattern, word))
                    : IsMatch(pattern, attribute.Value ?? ""));
            }
        }

        return false;
    }

    /// <summary>The link as it stands in a list.</summary>
    public override string ToString() => CoapLinkFormat.Format(this);

    private static bool IsMatch(string pattern, string value) => pattern.EndsWith('*')
        ? value.AsSpan().StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.Ordinal)
        : string.Equals(value, pattern, StringComparison.Ordinal);

    private string[] Words(string name) => this[name]?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];

    private void SetWords(string name, IReadOnlyList<string> words)
    {
        foreach (string word in words)
        {
            if (word.Length == 0 || word.Contains(' ', StringComparison.Ordinal))
            {
                throw new ArgumentException($"\"{word}\" is no single word.", nameof(words));
            }
        }

        Set(name, words.Count == 0 ? null : string.Join(' ', words));
    }

    private void Set(string name, string? value)
    {
        _attributes.RemoveAll(attribute => attribute.Name == name);
        if (value is not null)
        {
            _attributes.Add(new CoapLinkParameter(name, Checked(value)));
        }
    }

    private static string? Checked(string? value) => value is null || !value.Any(char.IsControl)
        ? value
        : throw new ArgumentException("A control character in the value of an attribute.", nameof(value));
}
