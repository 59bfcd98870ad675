using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;
using FsCheck.Fluent;

namespace Flint.SecureTunnel.Tests.Properties;

/// <summary>What holds for all records, whatever their content.</summary>
public sealed class RecordProperties
{
    private const SecureTunnelSuite Gcm = SecureTunnelSuite.RsaOaepAes128Gcm;

    [Fact]
    public void Record_WithAnyBitFlipped_DoesNotOpen() => // [ST-206] [ST-502]
        PropertyRunner.Check(
            (from content in Gen.ArrayOf(Gen.Choose(0, 255).Select(i => (byte)i)) from bit in Gen.Choose(0, int.MaxValue) select (content, bit)).ToArbitrary(),
            input =>
            {
                var (sealer, opener) = Pair();
                byte[] frame = new byte[input.content.Length + RecordSealer.Overhead];
                sealer.Seal(MessageType.Data, input.content, frame);
                int bit = input.bit % (frame.Length * 8);
                frame[bit / 8] ^= (byte)(1 << (bit % 8));
                return opener.TryOpen(frame, out _, out Span<byte> content) == OpenStatus.NotOpened && content.IsEmpty;
            });

    [Fact]
    public void Record_OpensToWhatWasSealed() =>
        PropertyRunner.Check(
            Gen.ArrayOf(Gen.ArrayOf(Gen.Choose(0, 255).Select(i => (byte)i))).ToArbitrary(),
            contents =>
            {
                var (sealer, opener) = Pair();
                foreach (byte[] content in contents)
                {
                    byte[] frame = new byte[content.Length + RecordSealer.Overhead];
                    sealer.Seal(MessageType.Data, content, frame);
                    if (opener.TryOpen(frame, out MessageType type, out Span<byte> opened) != OpenStatus.Ok || type != MessageType.Data || !opened.SequenceEqual(content))
                    {
                        return false;
                    }
                }

                return true;
            });

    [Fact]
    public void Session_GivenAnyBytes_EndsWithAnAlertAndNeverThrows() => // [ST-903]
        PropertyRunner.Check(
            Gen.ArrayOf(Gen.Choose(0, 255).Select(i => (byte)i)).Where(bytes => bytes.Length > 0).ToArbitrary(),
            body =>
            {
                var (sealer, opener) = Pair();
                using var session = new TunnelSession(sealer, opener, new byte[32], SystemCrypto.Instance, 1024);
                byte[] frame = new byte[2 + body.Length];
                Frame.WriteHeader(frame, body.Length);
                body.CopyTo(frame, 2);
                return session.OnFrame(frame, 0, out _) == SessionEvent.Failed && session.Failure.Alert == SecureTunnelAlert.RecordFailed;
            });

    [Fact]
    public void Session_GivenAnyAuthenticInner_EndsWithAnAlertOrGoesOn() => // [ST-903]
        PropertyRunner.Check(
            Gen.ArrayOf(Gen.Choose(0, 255).Select(i => (byte)i)).Where(bytes => bytes.Length > 0).ToArbitrary(),
            inner =>
            {
                var (sealer, opener) = Pair();
                using var session = new TunnelSession(sealer, opener, new byte[32], SystemCrypto.Instance, 1024);
                byte[] frame = new byte[2 + inner.Length + 16];
                inner.CopyTo(frame, 2);
                sealer.SealInPlace(frame, inner.Length);
                SessionEvent what = session.OnFrame(frame, 0, out _);
                return what != SessionEvent.Failed || session.Failure.Reason != SecureTunnelReason.None;
            }, runs: 2000);

    private static (RecordSealer Sealer, RecordOpener Opener) Pair()
    {
        byte[] secret = new byte[32];
        return (new RecordSealer(SystemCrypto.Instance, Gcm, secret), new RecordOpener(SystemCrypto.Instance, Gcm, secret, 4096));
    }
}
