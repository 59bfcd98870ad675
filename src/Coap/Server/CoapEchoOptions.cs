using System;
using System.Net;

namespace Flint.Coap;

/// <summary>
/// When an address must show that it receives what is sent to it, before a server over UDP acts on its requests or sends it much (RFC 9175 section 2.4, RFC 7252 section 11.3).
/// A server asks with 4.01 and the Echo option; a client of this library repeats its request by itself.
/// </summary>
public sealed class CoapEchoOptions
{
    /// <summary>
    /// How many times the bytes of a request with GET or FETCH its response may have, those of IP and UDP counted, as long as the address has not shown itself; the same goes for its first
    /// request to observe. 0: any number. With 3, a forged request makes this server send its victim no more than three times what it cost.
    /// </summary>
    public int MaxAmplification { get; init; } = 3;

    /// <summary>
    /// Whether an address must have shown itself before its POST, PUT, PATCH, iPATCH, DELETE or unknown method is acted on, or even remembered. Off, because a client without RFC 9175 could then
    /// change nothing; on, forged addresses neither act nor fill the memory of requests.
    /// </summary>
    public bool BeforeUnsafeMethods { get; init; }

    /// <summary>How old the value of an Echo option may be.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>For how long an address counts as shown.</summary>
    public TimeSpan VerifiedFor { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Addresses that need not show themselves: those of this machine, which nobody can forge from outside, unless set otherwise. Asked once for each peer.</summary>
    public Func<IPEndPoint, bool> IsTrusted { get; init; } = static address => IPAddress.IsLoopback(address.Address);

    /// <summary>Checks the values; whoever takes the options calls it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value lies outside its range.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(MaxAmplification);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(MaxAge, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(VerifiedFor, TimeSpan.Zero);
        ArgumentNullException.ThrowIfNull(IsTrusted);
    }
}
