using System;
using System.Collections.Generic;

namespace Flint.Coap;

/// <summary>
/// Responses of which a peer has had the first blocks and not the last, so that a handler runs once for a body: by peer and by what was asked. Bounded in number, in bytes and in time; where
/// there is no room the one gives way that nobody has asked for longest, of the same peer where it has too many.
/// </summary>
internal sealed class CoapServedBodies(int maxBodies, int maxBodiesPerPeer, long maxBytes, TimeSpan timeout)
{
    private readonly Dictionary<CoapServedKey, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new();
    private long _bytes;

    public int Count => _entries.Count;

    /// <summary>When <see cref="OnDeadline"/> is to be called next; null while there is nothing to wait for.</summary>
    public TimeSpan? NextDeadline => _byUse.First?.Value.Deadline;

    /// <summary>
    /// The body that a peer was given the first block of; the caller releases it. Who leaves the payload out where a FETCH had one, as RFC 7959 section 2.7 lets it, means the one that it has asked for last.
    /// </summary>
    public CoapServedBody? Find(CoapServedKey key, TimeSpan now)
    {
        if ((!_entries.TryGetValue(key, out LinkedListNode<Entry>? node) && (node = FindNewest(key)) is null) || !node.Value.Body.TryHold())
        {
            return null;
        }

        node.Value = node.Value with { Deadline = now + timeout };
        _byUse.Remove(node);
        _byUse.AddLast(node);
        return node.Value.Body;
    }

    /// <summary>Keeps a body, in the place of an earlier one for the same request.</summary>
    /// <returns>False where it alone is larger than all may be.</returns>
    public bool TryKeep(CoapServedKey key, CoapServedBody body, TimeSpan now)
    {
        Remove(key);
        if (body.HeldBytes > maxBytes || !body.TryHold())
        {
            return false;
        }

        MakeRoom(key.Peer, body.HeldBytes);
        _entries.Add(key, _byUse.AddLast(new Entry(key, body, now + timeout)));
        _bytes += body.HeldBytes;
        return true;
    }

    public void Remove(CoapServedKey key)
    {
        if (_entries.TryGetValue(key, out LinkedListNode<Entry>? node))
        {
            Remove(node);
        }
    }

    /// <summary>Forgets a body whose last block a peer has been given: it was found just before, and is among the last.</summary>
    public void Remove(CoapPeerHandle peer, CoapServedBody body)
    {
        for (LinkedListNode<Entry>? node = _byUse.Last; node is not null; node = node.Previous)
        {
            if (node.Value.Body == body && node.Value.Key.Peer == peer)
            {
                Remove(node);
                return;
            }
        }
    }

    /// <summary>Forgets what a peer that has gone was given.</summary>
    public void RemovePeer(CoapPeerHandle peer)
    {
        for (LinkedListNode<Entry>? node = _byUse.First; node is not null;)
        {
            LinkedListNode<Entry>? next = node.Next;
            if (node.Value.Key.Peer == peer)
            {
                Remove(node);
            }

            node = next;
        }
    }

    /// <summary>Forgets what nobody has asked for in time.</summary>
    public void OnDeadline(TimeSpan now)
    {
        while (_byUse.First is LinkedListNode<Entry> oldest && oldest.Value.Deadline <= now)
        {
            Remove(oldest);
        }
    }

    private LinkedListNode<Entry>? FindNewest(CoapServedKey key)
    {
        LinkedListNode<Entry>? node = key.Payload == 0 ? _byUse.Last : null;
        while (node is not null && (node.Value.Key with { Payload = 0 }) != key)
        {
            node = node.Previous;
        }

        return node;
    }

    private void MakeRoom(CoapPeerHandle peer, long bytes)
    {
        int ofPeer = 0;
        LinkedListNode<Entry>? oldestOfPeer = null;
        for (LinkedListNode<Entry>? node = _byUse.Last; node is not null; node = node.Previous)
        {
            if (node.Value.Key.Peer == peer)
            {
                ofPeer++;
                oldestOfPeer = node;
            }
        }

        if (ofPeer >= maxBodiesPerPeer)
        {
            Remove(oldestOfPeer!);
        }

        while (_byUse.First is LinkedListNode<Entry> oldest && (_entries.Count >= maxBodies || _bytes + bytes > maxBytes))
        {
            Remove(oldest);
        }
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        _byUse.Remove(node);
        _entries.Remove(node.Value.Key);
        _bytes -= node.Value.Body.HeldBytes;
        node.Value.Body.Release();
    }

    private readonly record struct Entry(CoapServedKey Key, CoapServedBody Body, TimeSpan Deadline);
}
