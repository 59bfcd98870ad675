using System;
using System.Text;

namespace Flint.Coap;

/// <summary>One route of a <see cref="CoapRouter"/>, ordered so that the more literal comes first.</summary>
internal sealed class CoapRoute : IComparable<CoapRoute>
{
    private Segment[] _segments;

    private CoapRoute(CoapCode method, CoapHandler handler, Segment[] segments)
    {
        Method = method;
        Handler = handler;
        _segments = segments;
    }

    public string Template => "/" + string.Join('/', Array.ConvertAll(_segments, segment => segment.ToString()));

    /// <summary>The path of a literal route, percent-encoded (RFC 7252 section 6.5).</summary>
    public string Path
    {
        get
        {
            var options = new CoapOptionList();
            foreach (Segment segment in _segments)
            {
                options.Add(CoapOptionNumber.UriPath, segment.Literal);
            }

            return CoapPath.Compose(options.View);
        }
    }

    public bool IsLiteral => Array.TrueForAll(_segments, segment => segment.Kind == SegmentKind.Literal);

    public CoapCode Method { get; }

    public CoapHandler Handler { get; private set; }

    /// <summary>Whether GET with Observe makes the peer an observer (RFC 7641).</summary>
    public bool IsObservable { get; init; }

    /// <summary>Whether the handler reads the body as it comes.</summary>
    public bool Streams { get; init; }

    /// <summary>Whether segments may follow the template.</summary>
    public bool TakesMore => _segments is not [.., { Kind: SegmentKind.Rest }];

    /// <exception cref="ArgumentException">The template is none.</exception>
    public static CoapRoute Parse(CoapCode method, string template, CoapHandler handler, bool isObservable = false, bool streams = false)
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

        return new CoapRoute(method, handler, segments) { IsObservable = isObservable, Streams = streams };
    }

    /// <summary>Puts the route under a prefix, before it is added to a router.</summary>
    public void Enter(string prefix, CoapHandler handler)
    {
        _segments = [.. Parse(Method, prefix, handler)._segments, .. _segments];
        Handler = handler;
    }

    /// <summary>Whether the Uri-Path options are as the template wants them. Allocates nothing.</summary>
    public bool Matches(CoapOptions options)
    {
        bool takesRest = _segments is [.., { Kind: SegmentKind.Rest }];
        int single = takesRest ? _segments.Length - 1 : _segments.Length;
        int index = 0;
        foreach (CoapOption option in options)
        {
            if (option.Number != CoapOptionNumber.UriPath)
            {
                continue;
            }

            if (index < single
                ? _segments[index].Kind == SegmentKind.Literal && !option.Value.SequenceEqual(_segments[index].Literal)
                : !takesRest)
            {
                return false;
            }

            index++;
        }

        return takesRest ? index > single : index == single;
    }

    /// <summary>What stands in the path for the parameter <paramref name="name"/>; null where the template has none of that name.</summary>
    public string? ValueOf(string name, CoapOptions options)
    {
        int wanted = Array.FindIndex(_segments, segment => segment.Kind != SegmentKind.Literal && string.Equals(segment.Text, name, StringComparison.Ordinal));
        if (wanted < 0)
        {
            return null;
        }

        bool rest = _segments[wanted].Kind == SegmentKind.Rest;
        string value = "";
        int index = 0;
        foreach (CoapOption option in options)
        {
            if (option.Number == CoapOptionNumber.UriPath)
            {
                if (index == wanted || (rest && index > wanted))
                {
                    value = index == wanted ? option.GetString() : value + "/" + option.GetString();
                }

                index++;
            }
        }

        return value;
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
        public byte[] Literal { get; } = Kind == SegmentKind.Literal ? Encoding.UTF8.GetBytes(Text) : [];

        public override string ToString() => Kind switch
        {
            SegmentKind.Literal => Text,
            SegmentKind.One => $"{{{Text}}}",
            _ => $"{{*{Text}}}",
        };

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
