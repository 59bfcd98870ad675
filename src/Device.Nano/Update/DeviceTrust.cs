using System;
using Flint.Ota;

namespace Flint.Device.Nano;

/// <summary>The engine's cryptography on the device: SHA-256 and RSA-PSS in managed code, keys as blobs with the usage "signatures".</summary>
public sealed class DeviceTrust : OtaTrust
{
    private readonly Sha256 _hash = new Sha256();
    private readonly Sha256 _verifier;
    private readonly RsaPublicKey[] _keys;

    /// <param name="keys">The keys that may sign manifests; never a key of the tunnel.</param>
    /// <exception cref="ArgumentException">There is no key, or one is not for signatures.</exception>
    public DeviceTrust(RsaPublicKey[] keys)
    {
        bool areKeys = keys != null && keys.Length != 0;
        for (int i = 0; areKeys && i < keys!.Length; i++)
        {
            areKeys = keys[i].Usage == RsaPublicKey.UsageSignature;
        }

        if (!areKeys)
        {
            throw new ArgumentException("A device trusts one signing key at least.", nameof(keys));
        }

        _keys = keys!;
        _verifier = new Sha256(_hash);
    }

    /// <inheritdoc/>
    public override void HashStart() => _hash.Start();

    /// <inheritdoc/>
    public override void HashAppend(byte[] buffer, int offset, int count) => _hash.Append(buffer, offset, count);

    /// <inheritdoc/>
    public override void HashFinish(byte[] digest, int offset) => _hash.Finish(digest, offset);

    /// <inheritdoc/>
    public override bool VerifySignature(
        int algorithm, byte[] digest, byte[] buffer, int keyIdOffset, int keyIdCount, int signatureOffset, int signatureCount)
    {
        if (algorithm != Ps256 || keyIdCount != KeyIdLength)
        {
            return false;
        }

        for (int i = 0; i < _keys.Length; i++)
        {
            if (ByteRange.FixedTimeEquals(_keys[i].KeyHash, 0, buffer, keyIdOffset, KeyIdLength))
            {
                return _keys[i].Verify(_verifier, digest, buffer, signatureOffset, signatureCount);
            }
        }

        return false;
    }

    // Specification
    private const int Ps256 = -37;
    private const int KeyIdLength = 8;
}
