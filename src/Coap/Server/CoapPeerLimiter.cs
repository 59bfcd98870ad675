using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>
/// A filter that answers 4.29 with Max-Age to a peer that asks for too much (RFC 8516): <c>router.Use(new CoapPeerLimiter().FilterAsync)</c>. A peer is its <see cref="ICoapPeer.Identity"/>, so that an
/// authenticated device has one account over all of its connections; over bare UDP it is an address, which anybody can change.
/// </summary>
public sealed class CoapPeerLimiter
{
    private readonly CoapPeerLimits _limits;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<Account>> _accounts = new(StringComparer.Ordinal);
    private readonly LinkedList<Account> _byUse = new();
    private readonly long _start;

    /// <summary>A limiter that has seen nobody.</summary>
    /// <exception cref="ArgumentException">A limit is not positive.</exception>
    public CoapPeerLimiter(CoapPeerLimits? limits = null)
    {
        _limits = limits ?? new CoapPeerLimits();
        _limits.Validate();
        _start = _limits.TimeProvider.GetTimestamp();
    }

    /// <summary>How many peers it remembers.</summary>
    public int PeerCount
    {
        get
        {
            lock (_gate)
            {
                return _accounts.Count;
            }
        }
    }

    /// <summary>The filter.</summary>
    public ValueTask<CoapResponse> FilterAsync(CoapRequest request, CoapHandler next, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(next);
        Account account;
        lock (_gate)
        {
            account = Find(request.Peer.Identity);
            int wait = account.TryBegin(_limits, _limits.TimeProvider.GetElapsedTime(_start));
            if (wait > 0)
            {
                CoapResponse refusal = CoapResponse.Error(CoapCode.TooManyRequests);
                refusal.Options.Add(CoapOptionNumber.MaxAge, (uint)wait);
                return new(refusal);
            }
        }

        ValueTask<CoapResponse> task;
        try
        {
            task = next(request, cancellationToken);
        }
        catch
        {
            End(account);
            throw;
        }

        if (!task.IsCompleted)
        {
            return EndAfterAsync(account, task);
        }

        End(account);
        return task;
    }

    private async ValueTask<CoapResponse> EndAfterAsync(Account account, ValueTask<CoapResponse> task)
    {
        try
        {
            return await task.ConfigureAwait(false);
        }
        finally
        {
            End(account);
        }
    }

    private void End(Account account)
    {
        lock (_gate)
        {
            account.Concurrent--;
        }
    }

    private Account Find(string identity)
    {
        if (!_accounts.TryGetValue(identity, out LinkedListNode<Account>? node))
        {
            if (_accounts.Count == _limits.MaxPeers)
            {
                _accounts.Remove(_byUse.First!.Value.Identity);
                _byUse.RemoveFirst();
            }

            node = new LinkedListNode<Account>(new Account(identity, _limits.Burst));
            _accounts.Add(identity, node);
        }
        else
        {
            _byUse.Remove(node);
        }

        _byUse.AddLast(node);
        return node.Value;
    }

    /// <summary>A bucket of tokens, and what is under way.</summary>
    private sealed class Account(string identity, double tokens)
    {
        private double _tokens = tokens;
        private TimeSpan _filled;

        public string Identity => identity;

        public int Concurrent { get; set; }

        /// <returns>0 where the request may go on; otherwise after how many seconds it is worth trying again.</returns>
        public int TryBegin(CoapPeerLimits limits, TimeSpan now)
        {
            _tokens = Math.Min(limits.Burst, _tokens + ((now - _filled).TotalSeconds * limits.RequestsPerSecond));
            _filled = now;
            if (Concurrent >= limits.MaxConcurrent)
            {
                return 1;
            }

            if (_tokens < 1)
            {
                return (int)Math.Clamp(Math.Ceiling((1 - _tokens) / limits.RequestsPerSecond), 1, MaxWait);
            }

            _tokens--;
            Concurrent++;
            return 0;
        }

        private const int MaxWait = 3600;
    }
}
