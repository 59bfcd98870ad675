using System;
using System.Runtime.CompilerServices;

namespace Flint.Coap;

/// <summary>
/// [C-108] The message ids used towards one peer: one after another from a random start (RFC 7252 section 4.4). The ids are kept in groups of
/// 4096, each with the second of its last use; a group is entered again only when EXCHANGE_LIFETIME has passed since.
/// </summary>
internal struct MessageIds
{
    private LastUses _lastUses;
    private ushort _next;
    private uint _lastUse;

    /// <summary>Begins at a random id.</summary>
    public MessageIds(ushort first) => _next = first;

    /// <summary>The next id.</summary>
    /// <param name="now">Now, in ticks.</param>
    /// <param name="lifetime">EXCHANGE_LIFETIME, in ticks.</param>
    /// <param name="id">The id.</param>
    /// <param name="readyAt">Where there is none: when there will be one, in ticks.</param>
    public bool TryTake(long now, long lifetime, out ushort id, out long readyAt)
    {
        id = _next;
        ref uint lastUse = ref _lastUses[id / GroupSize];
        if (id % GroupSize == 0 && lastUse != 0)
        {
            readyAt = (lastUse * TimeSpan.TicksPerSecond) + lifetime;
            if (now < readyAt)
            {
                return false;
            }
        }

        // The second after the one that has begun: never earlier than the use.
        _lastUse = lastUse = (uint)(now / TimeSpan.TicksPerSecond) + 1;
        _next = unchecked((ushort)(id + 1));
        readyAt = now;
        return true;
    }

    /// <summary>Whether an id given out may still be met.</summary>
    public readonly bool AreInUse(long now, long lifetime) => _lastUse != 0 && now < (_lastUse * TimeSpan.TicksPerSecond) + lifetime;

    // Implementation.
    private const int GroupSize = 4096;
    private const int Groups = 16;

    [InlineArray(Groups)]
    private struct LastUses
    {
        private uint _element;
    }
}
