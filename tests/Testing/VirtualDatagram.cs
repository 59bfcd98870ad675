namespace Flint.Testing;

/// <summary>A datagram that arrives.</summary>
/// <param name="From">The sender's address when it was sent.</param>
/// <param name="To">The node that it arrives at.</param>
/// <param name="Bytes">What arrives.</param>
public sealed record VirtualDatagram(int From, int To, byte[] Bytes);
