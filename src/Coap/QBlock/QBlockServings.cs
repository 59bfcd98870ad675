using System;
using System.Collections.Generic;

namespace Flint.Coap;

/// <summary>A response whose body is sent in bursts, and kept for a while for those who lack a part of it.</summary>
internal sealed class QBlockServing(CoapPeerHandle peer, ulong key, CoapResponse response, byte[] token, QBlockSender sender)
{
    public CoapPeerHandle Peer { get; } = peer;

    public ulong Key { get; } = key;

    /// <summary>The whole response, with an ETag.</summary>
    public CoapResponse Response { get; } = response;

    /// <summary>The token of the request that began it: its sets carry it.</summary>
    public byte[] Token { get; } = token;

    /// <summary>The token of the last request for what is missing.</summary>
    public byte[] MissingToken { get; set; } = token;

    public QBlockSender Sender { get; } = sender;

    /// <summary>The message ids that were used last, for a reset that ends it.</summary>
    public Queue<ushort> MessageIds { get; } = new();
}

/// <summary>
/// A server's bodies that are sent in bursts, without I/O (RFC 9177 section 4.4): by peer and by what was asked, so that parts of one representation can be asked for while another is there already.
/// Bounded in number and in bytes; where there is no room, those give way that are sent already.
/// </summary>
internal sealed class QBlockServings(CoapQBlockOptions options, CoapMessageLayer? layer)
{
    private readonly List<QBlockServing> _servings = [];
    private long _bytes;

    public int Count => _servings.Count;

    /// <summary>When <see cref="OnDeadline"/> is to be called; null while there is nothing to wait for.</summary>
    public TimeSpan? NextDeadline
    {
        get
        {
            TimeSpan? next = null;
            foreach (QBlockServing serving in _servings)
            {
                next = next is null || serving.Sender.NextDeadline < next ? serving.Sender.NextDeadline ?? next : next;
            }

            return next;
        }
    }

    public QBlockServing? Find(CoapPeerHandle peer, ulong key) => _servings.Find(one => one.Key == key && one.Peer == peer);

    /// <summary>Begins to send a body, in the place of one that answered the same request.</summary>
    /// <returns>False where there is no room.</returns>
    public bool TryAdd(QBlockServing serving)
    {
        int earlier = _servings.FindIndex(one => one.Key == serving.Key && one.Peer == serving.Peer);
        if (earlier >= 0)
        {
            Remove(earlier);
        }

        if (!TryMakeRoom(serving))
        {
            return false;
        }

        _servings.Add(serving);
        _bytes += serving.Response.Payload.Length;
        layer?.Hold(serving.Peer);
        return true;
    }

    /// <summary>Gives the next block to send.</summary>
    public bool TryTake(TimeSpan now, out QBlockServing serving, out CoapBlock block, out ReadOnlyMemory<byte> token)
    {
        foreach (QBlockServing one in _servings)
        {
            if (one.Sender.TryTake(now, out block, out bool wasMissing))
            {
                serving = one;
                token = wasMissing ? one.MissingToken : one.Token;
                return true;
            }
        }

        serving = null!;
        block = default;
        token = default;
        return false;
    }

    /// <summary>Remembers the message id of a block.</summary>
    public void OnSent(QBlockServing serving, ushort messageId)
    {
        serving.MessageIds.Enqueue(messageId);
        if (serving.MessageIds.Count > options.MaxPayloads)
        {
            serving.MessageIds.Dequeue();
        }
    }

    /// <summary>Whether a message id is that of one of the last blocks to a peer.</summary>
    public bool HasSent(CoapPeerHandle peer, ushort messageId) => FindSent(peer, messageId) >= 0;

    /// <summary>Takes a reset that may answer one of the last blocks: the peer does not want the body.</summary>
    public void OnReset(CoapPeerHandle peer, ushort messageId)
    {
        int index = FindSent(peer, messageId);
        if (index >= 0)
        {
            Remove(index);
        }
    }

    /// <summary>Goes on after pauses, and forgets what is over.</summary>
    public void OnDeadline(TimeSpan now)
    {
        for (int i = _servings.Count - 1; i >= 0; i--)
        {
            _servings[i].Sender.OnDeadline(now);
            if (_servings[i].Sender.State == QBlockSenderState.Ended)
            {
                Remove(i);
            }
        }
    }

    /// <summary>Forgets a peer that has gone.</summary>
    public void RemovePeer(CoapPeerHandle peer)
    {
        for (int i = _servings.Count - 1; i >= 0; i--)
        {
            if (_servings[i].Peer == peer)
            {
                Remove(i);
            }
        }
    }

    /// <summary>[C-152] Limits before anything is kept; what is sent already gives way.</summary>
    private bool TryMakeRoom(QBlockServing serving)
    {
        if (_servings.FindAll(one => one.Peer == serving.Peer).Count >= options.MaxBodiesPerPeer && !TryForgetSent(one => one.Peer == serving.Peer))
        {
            return false;
        }

        if (_servings.Count >= options.MaxBodies && !TryForgetSent(_ => true))
        {
            return false;
        }

        while (_bytes + serving.Response.Payload.Length > options.MaxBytes)
        {
            if (!TryForgetSent(_ => true))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryForgetSent(Predicate<QBlockServing> which)
    {
        int index = _servings.FindIndex(one => one.Sender.State == QBlockSenderState.Waiting && which(one));
        if (index >= 0)
        {
            Remove(index);
        }

        return index >= 0;
    }

    private int FindSent(CoapPeerHandle peer, ushort messageId) => _servings.FindIndex(one => one.Peer == peer && one.MessageIds.Contains(messageId));

    private void Remove(int index)
    {
        QBlockServing serving = _servings[index];
        _servings.RemoveAt(index);
        _bytes -= serving.Response.Payload.Length;
        layer?.Release(serving.Peer);
    }
}
