namespace Flint.Device.Nano;

/// <summary>The hash over what both sides have said (docs/spec/secure-tunnel.md section 8.1).</summary>
internal sealed class TunnelTranscript
{
    private readonly Sha256 _hash;
    private readonly Sha256 _copy;
    private readonly byte[] _name = new byte[Name.Length + 2];

    /// <param name="scratch">Finishes the hash in the middle of the transcript; between two calls its owner may use it for anything else.</param>
    public TunnelTranscript(Sha256 scratch)
    {
        _hash = new Sha256(scratch);
        _copy = scratch;
    }

    /// <summary>Begins with the prologue.</summary>
    public void Start(byte[] context, byte[] keyHash)
    {
        _hash.Start();
        Utf8Text.Write(Name, _name, 0);
        _name[Name.Length + 1] = (byte)context.Length;
        _hash.Append(_name, 0, _name.Length);
        _hash.Append(context, 0, context.Length);
        _hash.Append(keyHash, 0, keyHash.Length);
    }

    public void Append(byte[] buffer, int offset, int count) => _hash.Append(buffer, offset, count);

    /// <summary>The hash so far; the transcript goes on.</summary>
    public void Current(byte[] digest)
    {
        _copy.CopyFrom(_hash);
        _copy.Finish(digest, 0);
    }

    public void Clear()
    {
        _hash.Clear();
        _copy.Clear();
    }

    // Specification: "SecureTunnel v1" and a zero byte, which no string literal of the device can hold.
    private const string Name = "SecureTunnel v1";
}
