using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;

namespace Flint.Coap;

/// <summary>One route of a <see cref="CoapRouter"/>, ordered so that the more literal comes first.</summary>
internal sealed class CoapRoute : IComparable<CoapRoute>
{
    private readonly Segment[] _segments;

    private CoapRoute(CoapCode method, CoapHandler handler, Segment[] segments)
    {
        Method = method;
        Handler = handler;
        _segments = segments;
    }

    public CoapCode Method { get; }

    public CoapHandler Handler { get; }

    /// <exception cref="ArgumentException">The template is none.</exception>
    public static CoapRoute Parse(CoapCode method, string template, CoapHandler handler)
    {
        ArgumentNullException.ThrowIfNull(template);
        if (!template.StartsWith('/'))
        {
            throw new ArgumentException($"\"{template}\" does not begin with a slash.", nameof(template));
        }

        string[] parts = template.Length == 1 ? [] : template[1..].Split('/');
        var segments = new Segment[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            segments[i] = Segment.Parse(parts[i]);
            if (segments[i].Kind == SegmentKind.Rest && i != parts.Length - 1)
            {
                throw new ArgumentException($"\"{template}\": {parts[i]} is not the last segment.", nameof(template));
            }
        }

        return new CoapRoute(method, handler, segments);
    }

    public bool TryMatch(List<string> path, [NotNullWhen(true)] out Dictionary<string, string>? values)
    {
        values = null;
        bool takesRest = _segments is [.., { Kind: SegmentKind.Rest }];
        if (takesRest ? path.Count < _segments.Length : path.Count != _segments.Length)
        {
            return false;
        }

        for (int i = 0; i < _segments.Length; i++)
        {
            if (_segments[i].Kind == SegmentKind.Literal && !string.Equals(_segments[i].Text, path[i], StringComparison.Ordinal))
            {
                return false;
            }
        }

        values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int i = 0; i < _segments.Length; i++)
        {
            if (_segments[i].Kind != SegmentKind.Literal)
            {
                values[_segments[i].Text] = _segments[i].Kind == SegmentKind.One ? path[i] : string.Join('/', path.GetRange(i, path.Count - i));
            }
        }

        return true;
    }

    /// <summary>Literals before parameters, parameters before remainders; equal where two routes would match the same requests.</summary>
    public int CompareTo(CoapRoute? other)
    {
        if (other is null)
        {
            return 1;
        }

        for (int i = 0; i < Math.Min(_segments.Length, other._segments.Length); i++)
        {
            int order = Compare(_segments[i], other._segments[i]);
            if (order != 0)
            {
                return order;
            }
        }

        int lengths = _segments.Length.CompareTo(other._segments.Length);
        return lengths != 0 ? lengths : Method.CompareTo(other.Method);
    }

    private static int Compare(Segment a, Segment b) => a.Kind != b.Kind
        ? a.Kind.CompareTo(b.Kind)
        : a.Kind == SegmentKind.Literal ? string.CompareOrdinal(a.Text, b.Text) : 0;

    private enum SegmentKind
    {
        Literal,
        One,
        Rest,
    }

    private readonly record struct Segment(SegmentKind Kind, string Text)
    {
        public static Segment Parse(string part) => part switch
        {
            ['{', '*', .. { Length: > 0 } name, '}'] => new Segment(SegmentKind.Rest, name),
            ['{', .. { Length: > 0 } name, '}'] => new Segment(SegmentKind.One, name),
            _ => part.AsSpan().ContainsAny('{', '}')
                ? throw new ArgumentException($"\"{part}\" is neither a literal nor a parameter.", nameof(part))
                : new Segment(SegmentKind.Literal, part),
        };
    }
}
