using System.IO.Pipelines;
using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;
using FsCheck.Fluent;

namespace Flint.SecureTunnel.Tests.Properties;

/// <summary>What holds for all bytes that a peer can send in a handshake.</summary>
public sealed class HandshakeProperties
{
    private static readonly FsCheck.Gen<byte> AnyByte = Gen.Choose(0, 255).Select(i => (byte)i);

    [Fact]
    public void ClientHello_ThatIsRead_WritesTheSameBytes() => // [ST-301]
        PropertyRunner.Check(Mutated(Hellos).ToArbitrary(), body =>
        {
            if (ClientHello.TryRead(body, out ClientHello hello) != WireStatus.Ok)
            {
                return hello.EncodedLength == default(ClientHello).EncodedLength;
            }

            byte[] again = new byte[hello.EncodedLength];
            return hello.TryWrite(again, out int written) && written == body.Length && again.AsSpan().SequenceEqual(body);
        }, runs: 3000);

    [Fact]
    public void AnyMessage_OfAnyBytes_IsReadOrRefusedWithoutThrowing() => // [ST-301]
        PropertyRunner.Check(Gen.ArrayOf(AnyByte).ToArbitrary(), body =>
        {
            _ = ClientHello.TryRead(body, out _);
            _ = ServerHello.TryRead(body, out _);
            _ = ServerAuth.TryRead(body, out _);
            _ = ClientAuth.TryRead(body, out _);
            _ = Accept.TryRead(body, out _);
            _ = PlainAlert.TryRead(body, out _);
            _ = Retry.TryRead(body);
            return true;
        }, runs: 3000);

    [Fact]
    public void Server_GivenAMutatedHello_AnswersWithTheAlertOrGoesOn() => // [ST-701] [ST-901]
        PropertyRunner.Check(Mutated(Hellos).ToArbitrary(), body =>
        {
            using var machines = new Machines();
            byte[] frame = new byte[2 + body.Length];
            Frame.WriteHeader(frame, body.Length);
            body.CopyTo(frame, 2);
            byte[][] answer = machines.ToServer(frame);
            return machines.Server.State switch
            {
                ServerState.Dead => answer is [[0, 2, 0x0F, var code]] && code == (byte)machines.Server.Failure.Alert && code is 1 or 2 or 3 or 4,
                ServerState.WaitClientAuth => answer.Length == 2,
                ServerState.WaitFullHello => answer.Length == 1,
                _ => false,
            };
        }, runs: 300);

    [Fact]
    public void Client_GivenAMutatedServerFlight_NeverSendsClientAuth() => // [ST-312]
        PropertyRunner.Check(
            (from which in Gen.Choose(0, 1) from bit in Gen.Choose(0, int.MaxValue) select (which, bit)).ToArbitrary(),
            input =>
            {
                using var machines = new Machines();
                byte[][] flight = machines.ToServer(machines.Begin());
                byte[] target = flight[input.which];
                int bit = 16 + (input.bit % ((target.Length - 2) * 8));
                target[bit / 8] ^= (byte)(1 << (bit % 8));
                byte[][] sent = [.. machines.ToClient(flight[0])];
                if (machines.Client.State == ClientState.WaitServerAuth)
                {
                    sent = machines.ToClient(flight[1]);
                }

                return machines.Client.State == ClientState.Dead && sent.All(frame => frame.Length <= 20);
            }, runs: 150);

    [Fact]
    public void Server_GivenAMutatedClientAuth_NeverConnects() => // [ST-315]
        PropertyRunner.Check(Gen.Choose(0, int.MaxValue).ToArbitrary(), value =>
        {
            using var machines = new Machines();
            byte[][] flight = machines.ToServer(machines.Begin());
            machines.ToClient(flight[0]);
            byte[] auth = machines.ToClient(flight[1])[0];
            int bit = 16 + (value % ((auth.Length - 2) * 8));
            auth[bit / 8] ^= (byte)(1 << (bit % 8));
            byte[][] answer = machines.ToServer(auth);
            return machines.Server.State == ServerState.Dead && answer is [{ Length: 20 }]
                && machines.Server.Failure.Alert == SecureTunnelAlert.HandshakeFailed;
        }, runs: 100);

    [Fact]
    public void Tunnel_InAnyChunksOfItsStream_GivesTheSame() => // [ST-202]
        PropertyRunner.Check(Gen.NonEmptyListOf(Gen.Choose(1, 400)).ToArbitrary(), chunks =>
            RunChunked([.. chunks]).GetAwaiter().GetResult(), runs: 60);

    private static async Task<bool> RunChunked(int[] chunks)
    {
        var outer = new PipePair();
        var inner = new PipePair();
        Task up = Chop(outer.Server.Input, inner.Client.Output, chunks);
        Task down = Chop(inner.Client.Input, outer.Server.Output, chunks);
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(inner.Server, TestKeys.ServerOptions()).AsTask();
        SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(outer.Client, TestKeys.ClientOptions());
        SecureTunnelConnection gateway = await accepting;
        byte[] sent = [.. Enumerable.Range(0, 3000).Select(i => (byte)(i % 251))];
        await gateway.Output.WriteAsync(sent);
        await gateway.Output.CompleteAsync();
        byte[] received = await TunnelPair.ReadExactly(device.Input, sent.Length);
        bool ended = (await device.Input.ReadAsync()).IsCompleted;
        await device.DisposeAsync();
        await gateway.DisposeAsync();
        await Task.WhenAll(up, down);
        return ended && received.AsSpan().SequenceEqual(sent);
    }

    private static async Task Chop(PipeReader from, PipeWriter to, int[] chunks)
    {
        for (int i = 0; ; i++)
        {
            ReadResult result = await from.ReadAsync();
            foreach (ReadOnlyMemory<byte> segment in result.Buffer)
            {
                for (ReadOnlyMemory<byte> rest = segment; !rest.IsEmpty; i++)
                {
                    int take = Math.Min(rest.Length, chunks[i % chunks.Length]);
                    await to.WriteAsync(rest[..take]);
                    rest = rest[take..];
                }
            }

            from.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                await to.CompleteAsync();
                return;
            }
        }
    }

    /// <summary>A good message with a byte changed, cut, or with bytes behind it; sometimes any bytes at all.</summary>
    private static FsCheck.Gen<byte[]> Mutated(byte[][] good) =>
        from seed in Gen.Elements(good)
        from kind in Gen.Choose(0, 4)
        from at in Gen.Choose(0, seed.Length - 1)
        from value in AnyByte
        from any in Gen.ArrayOf(AnyByte)
        select kind switch
        {
            0 => seed,
            1 => [.. seed[..at], value, .. seed[(at + 1)..]],
            2 => seed[..Math.Max(1, at)],
            3 => [.. seed, .. any],
            _ => any.Length == 0 ? seed : any,
        };

    private static readonly byte[][] Hellos = MakeHellos();

    private static byte[][] MakeHellos()
    {
        using var machines = new Machines();
        byte[] resume = new byte[200];
        new ClientHello
        {
            Suite = SecureTunnelSuite.RsaOaepAes128Gcm,
            MaxRecord = 512,
            Random = new byte[32],
            Mode = HandshakeMode.Resume,
            Ticket = new byte[48],
            Binder = new byte[32],
        }.TryWrite(resume, out int written);
        return [machines.Begin()[2..], resume[..written]];
    }
}
