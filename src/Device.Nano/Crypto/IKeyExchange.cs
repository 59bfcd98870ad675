namespace Flint.Device.Nano;

/// <summary>The ephemeral exchange on P-256 of suite S2 and of resumptions with an exchange; <see cref="P256"/> is one.</summary>
public interface IKeyExchange
{
    /// <summary>Whether 32 random bytes are a private key: 1 to n - 1.</summary>
    bool IsScalar(byte[] scalar);

    /// <summary>The public share of a private key: 04 ‖ X ‖ Y, 65 bytes.</summary>
    byte[] PublicShare(byte[] scalar);

    /// <summary>Writes the X coordinate of scalar · peer, 32 bytes, to the start of the secret.</summary>
    /// <returns>False where the 65 bytes of the peer are not a point of the curve in uncompressed form, or the result is the point at infinity or 32 zero bytes [ST-405].</returns>
    bool TryAgree(byte[] scalar, byte[] peer, int offset, byte[] secret);
}
