namespace Flint.Device.Nano;

/// <summary>The hash over what both sides have said (docs/spec/secure-tunnel.md section 8.1).</summary>
internal sealed class TunnelTranscript
{
    private readonly Sha256 _hash;
    private readonly Sha256 _copy;
    private readonly byte[] _digest = new byte[Sha256.DigestLength];

    /// <param name="scratch">Finishes the hash in the middle of the transcript; between two calls its owner may use it for anything else.</param>
    public TunnelTranscript(Sha256 scratch)
    {
        _hash = new Sha256(scratch);
        _copy = scratch;
    }

    /// <summary>Begins with the prologue.</summary>
    public void Start(byte[] context, byte[] keyHash)
    {
        byte[] name = new byte[Name.Length + 2];
        Utf8Text.Write(Name, name, 0);
        name[Name.Length + 1] = (byte)context.Length;
        _hash.Start();
        _hash.Append(name, 0, name.Length);
        _hash.Append(context, 0, context.Length);
        _hash.Append(keyHash, 0, keyHash.Length);
    }

    public void Append(byte[] buffer, int offset, int count) => _hash.Append(buffer, offset, count);

    /// <summary>Adds bytes and gives the hash so far, which stands until the next call; the transcript goes on.</summary>
    public byte[] Hash(byte[] buffer, int offset, int count)
    {
        _hash.Append(buffer, offset, count);
        _copy.CopyFrom(_hash);
        _copy.Finish(_digest, 0);
        return _digest;
    }

    public void Clear()
    {
        _hash.Clear();
        _copy.Clear();
        ByteRange.Clear(_digest);
    }

    // Specification: "SecureTunnel v1" and a zero byte, which no string literal of the device can hold.
    private const string Name = "SecureTunnel v1";
}
