using System.Buffers;
using System.Globalization;
using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Properties;

/// <summary>
/// Random and mutated input to everything that reads bytes of a peer, at a rate that FsCheck does not reach. FLINT_FUZZ chooses how many inputs; the seed is that of the properties.
/// </summary>
public sealed class FuzzTests
{
    [Fact]
    public void AnyInput_ToAnyReader_EndsInAStatus() // [ST-301] [ST-903]
    {
        long count = long.TryParse(Environment.GetEnvironmentVariable("FLINT_FUZZ"), CultureInfo.InvariantCulture, out long wanted) ? wanted : 100_000;
        var random = new Random(unchecked((int)PropertyRunner.Seed));
        byte[][] good = Good();
        byte[] buffer = new byte[2048];
        byte[] state = new byte[TicketState.MaxLength];
        using var ring = new SecureTunnelTicketRing(new byte[32]);
        var output = new ArrayBufferWriter<byte>();
        TunnelSession? session = null;
        RecordSealer? sealer = null;
        long accepted = 0;
        for (long i = 0; i < count; i++)
        {
            int length = Mutate(random, good[random.Next(good.Length)], buffer);
            Span<byte> input = buffer.AsSpan(0, length);
            accepted += Convert.ToInt32(ClientHello.TryRead(input, out _) == WireStatus.Ok);
            accepted += Convert.ToInt32(ServerHello.TryRead(input, out _) == WireStatus.Ok);
            accepted += Convert.ToInt32(ServerAuth.TryRead(input, out _) == WireStatus.Ok);
            accepted += Convert.ToInt32(ClientAuth.TryRead(input, out _) == WireStatus.Ok);
            accepted += Convert.ToInt32(Accept.TryRead(input, out _) == WireStatus.Ok);
            accepted += Convert.ToInt32(Retry.TryRead(input) == WireStatus.Ok);
            accepted += Convert.ToInt32(PlainAlert.TryRead(input, out _) == WireStatus.Ok);
            accepted += Convert.ToInt32(TicketState.TryRead(input, out _));
            accepted += Convert.ToInt32(Frame.TryRead(new ReadOnlySequence<byte>(buffer, 0, length), ProtocolLimits.MaxBody, out _) == FrameStatus.Ok);

            if (i % 16 == 0)
            {
                Assert.Equal(0, ring.Open(input, 0, state));
                FeedServer(input, output);
            }

            if (i % 4 == 0)
            {
                FeedSession(ref session, ref sealer, input);
            }
        }

        Assert.True(accepted > count / 100, "The mutations are too wild to reach the insides of the readers.");
        session?.Dispose();
        sealer?.Dispose();
    }

    /// <summary>As the first frame of a connection: no private key is used, since the step behind a good hello is not taken.</summary>
    private static void FeedServer(ReadOnlySpan<byte> input, ArrayBufferWriter<byte> output)
    {
        if (input.IsEmpty)
        {
            return;
        }

        byte[] frame = [0, 0, .. input];
        Frame.WriteHeader(frame, input.Length);
        using var server = new ServerHandshake(TestKeys.ServerOptions(TestKeys.Devices), SystemCrypto.Instance, SystemEntropy.Instance, default);
        output.ResetWrittenCount();
        HandshakeStep step = server.OnFrame(frame, default, output);
        Assert.True(step is HandshakeStep.UsePrivateKey or HandshakeStep.ReadFrame
            || (step == HandshakeStep.Failed && output.WrittenCount == 4 && output.WrittenSpan[3] == (byte)server.Failure.Alert && server.Failure.Alert != SecureTunnelAlert.None));
    }

    /// <summary>As the inner plaintext of an authentic record: what a hostile peer with keys can send.</summary>
    private static void FeedSession(ref TunnelSession? session, ref RecordSealer? sealer, ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        if (session is null || session.State is SessionState.Dead or SessionState.ReadClosed)
        {
            session?.Dispose();
            sealer?.Dispose();
            sealer = new RecordSealer(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, KeySchedule.Zero);
            session = new TunnelSession(
                new RecordSealer(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, KeySchedule.Zero),
                new RecordOpener(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, KeySchedule.Zero, 4096), KeySchedule.Zero, SystemCrypto.Instance, 4096);
        }

        byte[] frame = new byte[2 + input.Length + 16];
        input.CopyTo(frame.AsSpan(2));
        sealer!.SealInPlace(frame, input.Length);
        SessionEvent what = session.OnFrame(frame, now: 0, out _);
        Assert.Equal(what == SessionEvent.Failed, session.State == SessionState.Dead);
        if (what is SessionEvent.KeyUpdated or SessionEvent.KeyUpdateRequested)
        {
            sealer.Update();
        }
    }

    private static int Mutate(Random random, byte[] good, byte[] buffer)
    {
        int length = good.Length;
        good.CopyTo(buffer, 0);
        int changes = random.Next(4);
        for (int i = 0; i < changes; i++)
        {
            switch (random.Next(5))
            {
                case 0:
                    length = random.Next(length + 1);
                    break;
                case 1 when length + 8 < buffer.Length:
                    random.NextBytes(buffer.AsSpan(length, 8));
                    length += random.Next(1, 9);
                    break;
                case 2:
                    random.NextBytes(buffer.AsSpan(0, length));
                    break;
                case 3 when length > 0:
                    buffer[random.Next(Math.Min(length, 48))] = (byte)random.Next(256);
                    break;
                case 4 when length > 0:
                    buffer[random.Next(length)] ^= (byte)(1 << random.Next(8));
                    break;
            }
        }

        return length;
    }

    private static byte[][] Good()
    {
        using var document = VectorFile.Open("tunnel/messages.json");
        return
        [
            .. document.RootElement.GetProperty("vectors").EnumerateArray().Select(v => v.GetProperty("input").Hex("body")),
            [0x17, 1, 2, 3], [0x97, 0, 2, 1, 0, 0], [0x14, 0], [0x14, 1], [0x15, 0], [0x16, 3], [0x17], [0, 3, 1, 2, 3],
        ];
    }
}
