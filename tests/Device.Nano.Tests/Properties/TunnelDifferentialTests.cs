using System.IO.Pipelines;
using Flint.Device.Nano.Tests.Support;
using Flint.SecureTunnel;
using Flint.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Flint.Device.Nano.Tests.Properties;

/// <summary>
/// Two implementations of one specification: a device's tunnel and a server's of Flint.SecureTunnel, over a stream that cuts what it carries anywhere, carry the same
/// bytes both ways in every suite and mode, through changes of keys, up to the end of both directions.
/// </summary>
public sealed class TunnelDifferentialTests
{
    private static readonly SecureTunnelTicketRing Ring = new(new byte[32]);
    private static readonly SecureTunnelServerKey Encryption = new(TunnelFixture.Key("encryption"), SecureTunnelKeyUsage.Encryption);
    private static readonly SecureTunnelServerKey Signing = new(TunnelFixture.Key("signing"), SecureTunnelKeyUsage.Signing);

    /// <summary>A suite, whether resumptions exchange, sizes of records on both sides, what is done, and the seed of the cuts.</summary>
    private static readonly Arbitrary<Plan> Plans =
        (from suite in Gen.Choose(1, 4)
         from exchanges in ArbMap.Default.GeneratorFor<bool>()
         from deviceRecord in Gen.OneOf(Gen.Choose(256, 700), Gen.Constant(16385))
         from serverRecord in Gen.OneOf(Gen.Choose(256, 700), Gen.Constant(16385))
         from steps in Gen.ArrayOf(Gen.Choose(0, 5), 12)
         from seed in Gen.Choose(1, int.MaxValue)
         select new Plan((byte)suite, exchanges, deviceRecord, serverRecord, steps, seed)).ToArbitrary();

    [Fact]
    public void Session_WithTheServerPackage_CarriesEverythingWhateverTheCuts() =>
        PropertyRunner.Check(Plans, plan => Run(plan).GetAwaiter().GetResult(), 60);

    private static async Task Run(Plan plan)
    {
        TunnelTicket? ticket = null;
        TunnelSettings settings = TunnelFixture.Settings(plan.Suite);
        settings.MaxRecord = plan.DeviceRecord;
        settings.ResumeWithExchange = plan.Exchanges;
        for (int connection = 0; connection < 2; connection++)
        {
            var random = new Random(plan.Seed + connection);
            (Stream whole, IDuplexPipe transport) = DuplexStream.Create();
            using var stream = new CuttingStream(whole, plan.Seed + connection);
            ValueTask<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(transport, Options(plan));
            var tunnel = new DeviceTunnel(settings, TunnelFixture.Crypto, new SeededEntropy(plan.Seed + connection));
            var edge = new TunnelEdge(tunnel, stream);
            Assert.Equal(TunnelEvent.Connected, await Task.Run(() => edge.Connect(ticket)));
            await using SecureTunnelConnection server = await accepting;
            Assert.Equal(connection == 1, server.Resumed);
            Assert.Equal(plan.Suite, (byte)server.Suite);
            ticket = tunnel.TakeTicket();
            Assert.NotNull(ticket);

            // More than eight changes of keys a minute are a flood [ST-507].
            int updates = 0;
            foreach (int step in plan.Steps)
            {
                updates += step < 2 ? 1 : 0;
                await Do(step < 2 && updates > 8 ? 2 : step, edge, server, random);
            }

            await Close(edge, server, random.Next(2) == 0);
        }
    }

    private static async Task Do(int step, TunnelEdge edge, SecureTunnelConnection server, Random random)
    {
        byte[] content = new byte[random.Next(1, 3000)];
        random.NextBytes(content);
        switch (step)
        {
            case 0:
                await server.UpdateKeyAsync(requestPeer: true);
                break;
            case 1:
                await server.UpdateKeyAsync(requestPeer: false);
                break;
            case 2 or 3:
                for (int at = 0; at < content.Length;)
                {
                    int part = Math.Min(random.Next(1, 900), content.Length - at);
                    await server.Output.WriteAsync(content.AsMemory(at, part));
                    at += part;
                }

                Assert.Equal(content, await Task.Run(() => edge.Receive(content.Length)));
                break;
            default:
                edge.Send(content);
                Assert.Equal(content, await Read(server.Input, content.Length));
                break;
        }
    }

    private static async Task Close(TunnelEdge edge, SecureTunnelConnection server, bool deviceFirst)
    {
        if (deviceFirst)
        {
            edge.Close();
            Assert.True((await server.Input.ReadAsync()).IsCompleted);
            await server.Output.CompleteAsync();
            Assert.Equal(TunnelEvent.Closed, await Task.Run(edge.Next));
        }
        else
        {
            await server.Output.CompleteAsync();
            Assert.Equal(TunnelEvent.Closed, await Task.Run(edge.Next));
            edge.Close();
            Assert.True((await server.Input.ReadAsync()).IsCompleted);
        }
    }

    private static SecureTunnelServerOptions Options(Plan plan)
    {
        var devices = new InMemoryDeviceStore();
        devices.Set(new SecureTunnelDeviceId("device-1"), SecureTunnelDevice.FromPsk(TunnelFixture.Psk));
        return new SecureTunnelServerOptions
        {
            Keys = [Encryption, Signing],
            Suites = [(SecureTunnelSuite)plan.Suite],
            Tickets = Ring,
            Devices = devices,
            ApplicationContext = "test"u8.ToArray(),
            MaxRecord = plan.ServerRecord,
        };
    }

    private static async Task<byte[]> Read(PipeReader reader, int length)
    {
        ReadResult result = await reader.ReadAtLeastAsync(length);
        byte[] bytes = System.Buffers.BuffersExtensions.ToArray(result.Buffer);
        reader.AdvanceTo(result.Buffer.End);
        return bytes;
    }

    private sealed record Plan(byte Suite, bool Exchanges, int DeviceRecord, int ServerRecord, int[] Steps, int Seed)
    {
        public override string ToString() =>
            $"suite {Suite}, exchange {Exchanges}, records {DeviceRecord} and {ServerRecord}, steps {string.Join(' ', Steps)}, seed {Seed}";
    }

    /// <summary>Reads and writes in pieces of random lengths.</summary>
    private sealed class CuttingStream(Stream inner, int seed) : TransportStream
    {
        private readonly Random _random = new(seed);

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, Piece(count));

        public override void Write(byte[] buffer, int offset, int count)
        {
            while (count > 0)
            {
                int part = Piece(count);
                inner.Write(buffer, offset, part);
                offset += part;
                count -= part;
            }
        }

        public override void Flush() => inner.Flush();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }

        private int Piece(int count) => Math.Min(count, _random.Next(4) == 0 ? _random.Next(1, 4) : _random.Next(1, 400));
    }
}
