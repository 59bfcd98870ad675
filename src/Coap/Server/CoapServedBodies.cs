using System;
using System.Collections.Generic;

namespace Flint.Coap;

/// <summary>
/// Responses of which a peer has had the first blocks and not the last, so that a handler runs once for a body: by peer and by what was asked. Bounded in number, in bytes and in time; where
/// there is no room the one gives way that nobody has asked for longest, of the same peer where it has too many.
/// </summary>
internal sealed class CoapServedBodies(int maxBodies, int maxBodiesPerPeer, long maxBytes, TimeSpan timeout)
{
    private readonly Dictionary<(CoapPeerHandle Peer, ulong Key), LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new();
    private long _bytes;

    public int Count => _entries.Count;

    /// <summary>When <see cref="OnDeadline"/> is to be called next; null while there is nothing to wait for.</summary>
    public TimeSpan? NextDeadline => _byUse.First?.Value.Deadline;

    /// <summary>The body that a peer was given the first block of; the caller releases it.</summary>
    public CoapServedBody? Find(CoapPeerHandle peer, ulong key, TimeSpan now)
    {
        if (!_entries.TryGetValue((peer, key), out LinkedListNode<Entry>? node) || !node.Value.Body.TryHold())
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
    public bool TryKeep(CoapPeerHandle peer, ulong key, CoapServedBody body, TimeSpan now)
    {
        Remove(peer, key);
        if (body.HeldBytes > maxBytes || !body.TryHold())
        {
            return false;
        }

        MakeRoom(peer, body.HeldBytes);
        _entries.Add((peer, key), _byUse.AddLast(new Entry(peer, key, body, now + timeout)));
        _bytes += body.HeldBytes;
        return true;
    }

    public void Remove(CoapPeerHandle peer, ulong key)
    {
        if (_entries.TryGetValue((peer, key), out LinkedListNode<Entry>? node))
        {
            Remove(node);
        }
    }

    /// <summary>Forgets what a peer that has gone was given.</summary>
    public void RemovePeer(CoapPeerHandle peer)
    {
        for (LinkedListNode<Entry>? node = _byUse.First; node is not null;)
        {
            LinkedListNode<Entry>? next = node.Next;
            if (node.Value.Peer == peer)
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

    private void MakeRoom(CoapPeerHandle peer, long bytes)
    {
        int ofPeer = 0;
        LinkedListNode<Entry>? oldestOfPeer = null;
        for (LinkedListNode<Entry>? node = _byUse.Last; node is not null; node = node.Previous)
        {
            if (node.Value.Peer == peer)
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
        _entries.Remove((node.Value.Peer, node.Value.Key));
        _bytes -= node.Value.Body.HeldBytes;
        node.Value.Body.Release();
    }

    private readonly record struct Entry(CoapPeerHandle Peer, ulong Key, CoapServedBody Body, TimeSpan Deadline);
}
