extern alias nano;

using System.Security.Cryptography;
using Nano = nano::Flint.Device.Nano;

namespace Flint.Benchmarks.DeviceNano;

/// <summary>A record of 512 bytes as a device seals and opens it, AES in managed code, and the bare AES blocks of its two CCM operations.</summary>
internal sealed class DeviceNanoRecord : Nano.IEntropySource
{
    private const int InnerLength = 512;

    // Each way: B0, the associated data and the text under CBC; a counter block for the tag and one a block of text under ECB.
    private readonly byte[] _cbc = new byte[(2 + (InnerLength / 16)) * 16];
    private readonly byte[] _ecb = new byte[(1 + (InnerLength / 16)) * 16];
    private readonly byte[] _frame = new byte[2 + InnerLength + 16];
    private readonly Nano.IAes128 _aes;
    private readonly Nano.TunnelKey _sealer;
    private readonly Nano.TunnelKey _opener;

    public DeviceNanoRecord()
    {
        var crypto = new Nano.ManagedCrypto(this);
        var schedule = new Nano.TunnelSchedule(crypto);
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        _aes = crypto.CreateAes(secret, 0);
        _sealer = new Nano.TunnelKey(schedule, new Nano.TunnelSettings());
        _opener = new Nano.TunnelKey(schedule, new Nano.TunnelSettings());
        _sealer.Set(secret);
        _opener.Set(secret);
        byte[] inner = RandomNumberGenerator.GetBytes(InnerLength);
        inner.CopyTo(_frame, 2);
        if (SealAndOpen() != 2 + InnerLength + 16 || !_frame.AsSpan(2, InnerLength).SequenceEqual(inner))
        {
            throw new InvalidOperationException("A record does not open to what was sealed.");
        }
    }

    public int SealAndOpen()
    {
        _sealer.Sequence &= 0xFFFF; // the figure is that of a record, not of a KeyUpdate every million records
        _opener.Sequence = _sealer.Sequence;
        int length = _sealer.Seal(_frame, 0, InnerLength);
        return _opener.Open(_frame, 0, length - 2) ? length : 0;
    }

    /// <summary>The physical limit: the AES blocks of both ways, nothing else.</summary>
    public int BareBlocks() =>
        _aes.EncryptCbc(_cbc)[0] ^ _aes.EncryptEcb(_ecb)[0] ^ _aes.EncryptCbc(_cbc)[1] ^ _aes.EncryptEcb(_ecb)[1];

    public void Fill(byte[] buffer, int offset, int count) => RandomNumberGenerator.Fill(buffer.AsSpan(offset, count));
}
