namespace Flint.SecureTunnel.Tests.Support;

/// <summary>Counts the P-256 keys that are alive.</summary>
internal sealed class CountingKeys : ForwardingCrypto
{
    public int Alive { get; private set; }

    public override EphemeralKey GenerateEphemeral()
    {
        Alive++;
        return new Counted(this, base.GenerateEphemeral());
    }

    private sealed class Counted(CountingKeys owner, EphemeralKey key) : EphemeralKey
    {
        private bool _disposed;

        public override void WriteShare(Span<byte> destination) => key.WriteShare(destination);

        public override bool TryAgree(ReadOnlySpan<byte> peerShare, Span<byte> secret) => key.TryAgree(peerShare, secret);

        public override void Dispose()
        {
            owner.Alive -= _disposed ? 0 : 1;
            _disposed = true;
            key.Dispose();
        }
    }
}
