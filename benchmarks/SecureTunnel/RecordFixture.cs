using System.Security.Cryptography;
using Flint.SecureTunnel;

namespace Flint.Benchmarks.SecureTunnel;

/// <summary>A sealer and its opener, and the same bytes under a bare AES-GCM.</summary>
internal sealed class RecordFixture : IDisposable
{
    private static readonly byte[] Secret = RandomNumberGenerator.GetBytes(32);
    private readonly RecordSealer _sealer = new(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, Secret);
    private readonly RecordOpener _opener = new(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, Secret, 16385);
    private readonly AesGcm _bare = new(Secret.AsSpan(0, 16), 16);
    private readonly byte[] _nonce = new byte[12];
    private readonly byte[] _tag = new byte[16];
    private readonly byte[] _content;
    private readonly byte[] _frame;
    private readonly byte[] _text;

    public RecordFixture(int size)
    {
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
        _bare.Encrypt(_nonce, _text, _text, _tag, _nonce.AsSpan(0, 2));
        _bare.Decrypt(_nonce, _text, _tag, _text, _nonce.AsSpan(0, 2));
    }

    public void Dispose()
    {
        _sealer.Dispose();
        _opener.Dispose();
        _bare.Dispose();
    }
}
