namespace Flint.Coap;

/// <summary>The head of a CBOR item (RFC 8949 section 3).</summary>
/// <param name="Major">The major type, 0 to 7.</param>
/// <param name="IsIndefinite">Whether its end is marked by a break; for <see cref="CborReader.Simple"/>, whether it is the break.</param>
/// <param name="Argument">The argument: a value, a length, a count, a tag.</param>
/// <param name="Info">The low five bits of the first byte.</param>
internal readonly record struct CborHead(int Major, bool IsIndefinite, ulong Argument, int Info);
