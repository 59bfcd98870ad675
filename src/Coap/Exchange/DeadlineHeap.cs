using System;

namespace Flint.Coap;

/// <summary>One deadline for each place of a table, the earliest on top: a binary heap that knows where each place stands. Allocates only when it grows.</summary>
internal sealed class DeadlineHeap
{
    private long[] _deadlines = new long[MinPlaces];
    private int[] _positions = new int[MinPlaces];
    private int[] _heap = new int[MinPlaces];
    private int _count;

    /// <summary>How many deadlines are set.</summary>
    public int Count => _count;

    /// <summary>The earliest deadline; <see cref="long.MaxValue"/> where none is set.</summary>
    public long Earliest => _count == 0 ? long.MaxValue : _deadlines[_heap[0]];

    /// <summary>The place whose deadline is the earliest.</summary>
    public int EarliestPlace => _heap[0];

    /// <summary>Sets or changes the deadline of <paramref name="place"/>.</summary>
    public void Set(int place, long deadline)
    {
        if (place >= _deadlines.Length)
        {
            Grow(place + 1);
        }

        int position = _positions[place] - 1;
        if (position < 0)
        {
            position = _count++;
        }

        _deadlines[place] = deadline;
        Put(place, position);
        SiftDown(place, SiftUp(place, position));
    }

    /// <summary>Removes the deadline of <paramref name="place"/>, if it has one.</summary>
    public void Remove(int place)
    {
        int position = place < _positions.Length ? _positions[place] - 1 : -1;
        if (position < 0)
        {
            return;
        }

        _positions[place] = 0;
        int last = _heap[--_count];
        if (position != _count)
        {
            Put(last, position);
            SiftDown(last, SiftUp(last, position));
        }
    }

    private int SiftUp(int place, int position)
    {
        long deadline = _deadlines[place];
        while (position > 0)
        {
            int parent = _heap[(position - 1) / 2];
            if (_deadlines[parent] <= deadline)
            {
                break;
            }

            Put(parent, position);
            position = (position - 1) / 2;
            Put(place, position);
        }

        return position;
    }

    private void SiftDown(int place, int position)
    {
        long deadline = _deadlines[place];
        while (true)
        {
            int child = (2 * position) + 1;
            if (child >= _count)
            {
                return;
            }

            if (child + 1 < _count && _deadlines[_heap[child + 1]] < _deadlines[_heap[child]])
            {
                child++;
            }

            int smaller = _heap[child];
            if (_deadlines[smaller] >= deadline)
            {
                return;
            }

            Put(smaller, position);
            Put(place, child);
            position = child;
        }
    }

    private void Put(int place, int position)
    {
        _heap[position] = place;
        _positions[place] = position + 1;
    }

    private void Grow(int places)
    {
        int length = Math.Max(places, _deadlines.Length * 2);
        Array.Resize(ref _deadlines, length);
        Array.Resize(ref _positions, length);
        Array.Resize(ref _heap, length);
    }

    private const int MinPlaces = 16;
}
