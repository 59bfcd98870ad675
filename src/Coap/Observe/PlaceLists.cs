using System;

namespace Flint.Coap;

/// <summary>Lists of the places of a table, each place in one list at a time: in the order of adding, without allocation but for growth.</summary>
internal sealed class PlaceLists
{
    private Links[] _links = new Links[MinLength];
    private Ends[] _ends = new Ends[MinLength];

    /// <summary>The first place of a list; <see cref="None"/> where it is empty.</summary>
    public int Head(int list) => list < _ends.Length ? _ends[list].Head - 1 : None;

    /// <summary>Goes through the places of a list; the one at hand may be removed.</summary>
    public Places Of(int list) => new(this, Head(list));

    /// <summary>Whether the place is in a list.</summary>
    public bool Contains(int place) => place < _links.Length && _links[place].IsPresent;

    public void Append(int list, int place)
    {
        EnsureLength(ref _links, place);
        EnsureLength(ref _ends, list);
        ref Ends ends = ref _ends[list];
        _links[place] = new Links { IsPresent = true, Previous = ends.Tail };
        if (ends.Tail == 0)
        {
            ends.Head = place + 1;
        }
        else
        {
            _links[ends.Tail - 1].Next = place + 1;
        }

        ends.Tail = place + 1;
    }

    /// <summary>Takes a place out of the list that it is in, if it is in one.</summary>
    public void Remove(int list, int place)
    {
        if (!Contains(place))
        {
            return;
        }

        Links links = _links[place];
        if (links.Previous == 0)
        {
            _ends[list].Head = links.Next;
        }
        else
        {
            _links[links.Previous - 1].Next = links.Next;
        }

        if (links.Next == 0)
        {
            _ends[list].Tail = links.Previous;
        }
        else
        {
            _links[links.Next - 1].Previous = links.Previous;
        }

        _links[place] = default;
    }

    private static void EnsureLength<T>(ref T[] array, int index)
    {
        if (index >= array.Length)
        {
            Array.Resize(ref array, Math.Max(index + 1, array.Length * 2));
        }
    }

    /// <summary>A walk through a list: <c>foreach (int place in lists.Of(list))</c>.</summary>
    public struct Places(PlaceLists lists, int first)
    {
        private int _next = first;

        public int Current { get; private set; } = None;

        public bool MoveNext()
        {
            Current = _next;
            if (Current == None)
            {
                return false;
            }

            _next = lists._links[Current].Next - 1;
            return true;
        }

        public readonly Places GetEnumerator() => this;
    }

    /// <summary>Places and ends are kept plus one, so that 0 is none.</summary>
    private struct Links
    {
        public bool IsPresent;
        public int Previous;
        public int Next;
    }

    private struct Ends
    {
        public int Head;
        public int Tail;
    }

    /// <summary>No place.</summary>
    public const int None = -1;

    private const int MinLength = 16;
}
