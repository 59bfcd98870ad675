using System.Security.Cryptography;
using Flint.SecureTunnel;

namespace Flint.Benchmarks.SecureTunnel;

/// <summary>A sealer and its opener, and the same bytes under the bare AEAD of the platform.</summary>
internal sealed class RecordFixture : IDisposable
{
    private static readonly byte[] Secret = RandomNumberGenerator.GetBytes(32);
    private readonly RecordSealer _sealer;
    private readonly RecordOpener _opener;
    private readonly AesGcm _gcm = new(Secret.AsSpan(0, 16), 16);
    private readonly AesCcm? _ccm;
    private readonly byte[] _nonce = new byte[12];
    private readonly byte[] _tag = new byte[16];
    private readonly byte[] _content;
    private readonly byte[] _frame;
    private readonly byte[] _text;

    public RecordFixture(SecureTunnelSuite suite, int size)
    {
        _sealer = new RecordSealer(SystemCrypto.Instance, suite, Secret);
        _opener = new RecordOpener(SystemCrypto.Instance, suite, Secret, 16385);
        _ccm = suite.IsCcm() ? new AesCcm(Secret.AsSpan(0, 16)) : null;
        _content = RandomNumberGenerator.GetBytes(size);
        _frame = new byte[size + RecordSealer.Overhead];
        _text = new byte[size + 1];
        if (!SealAndOpen().SequenceEqual(_content))
        {
            throw new InvalidOperationException("A record does not open to what was sealed.");
        }
    }

    public ReadOnlySpan<byte> SealAndOpen()
    {
        if (_sealer.NeedsUpdate)
        {
            _sealer.Sequence = 0; // the figure is that of a record, not of a KeyUpdate every million records
            _opener.Sequence = 0;
        }

        _sealer.Seal(MessageType.Data, _content, _frame);
        _opener.TryOpen(_frame, out _, out Span<byte> content);
        return content;
    }

    /// <summary>The physical limit: the same number of bytes, the same aad, nothing else.</summary>
    public void BareSealAndOpen()
    {
        _nonce[11] = unchecked((byte)(_nonce[11] + 1));
        if (_ccm is null)
        {
            _gcm.Encrypt(_nonce, _text, _text, _tag, _nonce.AsSpan(0, 2));
            _gcm.Decrypt(_nonce, _text, _tag, _text, _nonce.AsSpan(0, 2));
        }
        else
        {
            _ccm.Encrypt(_nonce, _text, _text, _tag, _nonce.AsSpan(0, 2));
            _ccm.Decrypt(_nonce, _text, _tag, _text, _nonce.AsSpan(0, 2));
        }
    }

    public void Dispose()
    {
        _sealer.Dispose();
        _opener.Dispose();
        _gcm.Dispose();
        _ccm?.Dispose();
    }
}
