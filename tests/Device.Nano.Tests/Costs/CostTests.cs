extern alias ota;

using System.Globalization;
using Flint.Device.Nano.Tests.Support;
using Flint.Ota;
using Flint.Testing;
using OtaImage = ota::Flint.Ota.OtaImage;
using OtaManifestBuilder = ota::Flint.Ota.OtaManifestBuilder;
using OtaSigner = ota::Flint.Ota.OtaSigner;

namespace Flint.Device.Nano.Tests.Costs;

/// <summary>Counts what docs/device-costs.md says, row by row, and holds the sums against the bars.</summary>
public sealed class CostTests
{
    private static readonly byte[] PskMix = TunnelPsk.Mix(TunnelFixture.Crypto, TunnelFixture.Psk);

    [Fact]
    public void Handshake_S1_IsItsRow()
    {
        Cost cost = Connect(TunnelFixture.Settings(), null, out _, out _, out _);

        AssertRow("S1 handshake", cost);
        Assert.True(cost.Instructions <= 6_000_000, cost.ToString());
    }

    [Fact]
    public void Handshake_S2_IsItsRow() => AssertRow("S2 handshake", Connect(TunnelFixture.Settings(TunnelSuite.P256RsaPssCcm), null, out _, out _, out _));

    [Fact]
    public void Resumption_IsItsRow()
    {
        var ticket = new TunnelTicket(1, new byte[156], new byte[32], 60);
        Cost cost = Connect(TunnelFixture.Settings(), ticket, out _, out _, out _);

        AssertRow("resumption", cost);
        Assert.True(cost.Instructions <= 500_000, cost.ToString());
    }

    [Fact]
    public void Call_ThroughTheTunnel_IsItsRow()
    {
        Connect(TunnelFixture.Settings(), null, out DeviceTunnel tunnel, out OracleServer server, out CountingCrypto crypto);
        int aesCalls = crypto.AesCalls;
        int aesBlocks = crypto.AesBlocks;

        // POST /f/led "on" with a token of four bytes, and 2.04 "1".
        byte[] call = Convert.FromHexString("a402000000 01b166036c6564ff6f6e".Replace(" ", "", StringComparison.Ordinal));
        byte[] request = server.Seal([0x17, .. call]);
        Assert.Equal(TunnelEvent.Data, tunnel.Give(request));
        byte[] response = tunnel.Seal(Convert.FromHexString("3444000000 01c0ff31".Replace(" ", "", StringComparison.Ordinal)));
        var cost = new Cost(0, 0, 0, crypto.AesCalls - aesCalls, crypto.AesBlocks - aesBlocks, request.Length + response.Length);

        AssertRow("call", cost);
        Assert.True(cost.Instructions <= 60_000, cost.ToString());
    }

    [Fact]
    public void Chunk_Of1KiB_IsItsRow()
    {
        Connect(TunnelFixture.Settings(), null, out DeviceTunnel tunnel, out OracleServer server, out CountingCrypto crypto);
        int aesCalls = crypto.AesCalls;
        int aesBlocks = crypto.AesBlocks;
        int wire = tunnel.Seal(new byte[40]).Length;
        byte[] message = new byte[1024 + 10 + 10];
        for (int at = 0; at < message.Length; at += 511)
        {
            byte[] record = server.Seal([0x17, .. message[at..Math.Min(at + 511, message.Length)]]);
            wire += record.Length;
            Assert.Equal(TunnelEvent.Data, tunnel.Give(record));
        }

        AssertRow("chunk, tunnel", new Cost(0, 0, 0, crypto.AesCalls - aesCalls, crypto.AesBlocks - aesBlocks, wire));
    }

    [Fact]
    public void Update_Of48KiB_IsItsRow()
    {
        string folder = Directory.CreateTempSubdirectory("flint-nano-").FullName + Path.DirectorySeparatorChar;
        try
        {
            using var key = TunnelFixture.Key("signing");
            RsaPublicKey trusted = DeviceKeys.Read(key, RsaPublicKey.UsageSignature);
            var trust = new DeviceTrust([trusted]);
            OtaImage image = OtaImage.Create(new byte[48 * 1024]);
            byte[] envelope = OtaSigner.Sign(new OtaManifestBuilder { Product = "nano"u8.ToArray(), Sequence = 1 }.Add(0, "1.0", image).Build(), key);
            var release = new ota::Flint.Ota.OtaRelease(envelope, image);
            var flash = new DeviceFileFlash(folder, 4096, 64);
            var engine = new OtaEngine(flash, OtaLayout.Divide(flash, factory: false), trust, new Boot(), new OtaOptions("nano"u8.ToArray()));
            engine.Start();
            int wire = envelope.Length;
            engine.Offer(envelope, 0, envelope.Length);
            var request = new OtaRequest();
            while (engine.TryGetRequest(request))
            {
                byte[] frame = new byte[request.Length + 10];
                ota::Flint.Ota.OtaChunk.TryWrite(release, request.Artifact, request.Offset, request.Length, frame, out int written);
                wire += written;
                Assert.Equal(OtaStatus.Ok, engine.OnChunk(frame, 0, written));
            }

            Assert.Equal(OtaStatus.Ok, engine.Arm());
            AssertRow("update of 48 KiB, engine", new Cost(trusted.Field.Multiplications, DeviceHeap.HashBlocks(trust), 0, 0, 0, wire));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Update_Of48KiBThroughTheTunnel_IsItsRow()
    {
        var crypto = new CountingCrypto();
        using var device = new CostedTunnelUpdate(new CostedDevice(crypto));
        device.Connect();
        (int hmacCalls, int aesCalls, int aesBlocks, int wire) = (crypto.HmacCalls, crypto.AesCalls, crypto.AesBlocks, device.WireBytes);
        device.Whole();

        AssertRow("update of 48 KiB, whole", new Cost(
            device.Update.Signer.Field.Multiplications, DeviceHeap.HashBlocks(device.Update.Trust), crypto.HmacCalls - hmacCalls, crypto.AesCalls - aesCalls, crypto.AesBlocks - aesBlocks, device.WireBytes - wire));
    }

    [Fact]
    public void Chunk_IntoTheEngine_AllocatesNothing()
    {
        using var key = TunnelFixture.Key("signing");
        OtaImage image = OtaImage.Create(new byte[48 * 1024]);
        byte[] envelope = OtaSigner.Sign(new OtaManifestBuilder { Product = "nano"u8.ToArray(), Sequence = 1 }.Add(0, "1.0", image).Build(), key);
        var release = new ota::Flint.Ota.OtaRelease(envelope, image);
        var flash = new DeviceMemoryFlash();
        var trust = new DeviceTrust([DeviceKeys.Read(key, RsaPublicKey.UsageSignature)]);
        var engine = new OtaEngine(flash, OtaLayout.Divide(flash, factory: false), trust, new Boot(), new OtaOptions("nano"u8.ToArray()));
        engine.Start();
        Assert.Equal(OtaStatus.Ok, engine.Offer(envelope, 0, envelope.Length));
        var request = new OtaRequest();
        byte[] frame = new byte[1024 + 10];
        long allocated = 0;
        int chunks = 0;
        while (engine.State == OtaState.Downloading)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.True(engine.TryGetRequest(request));
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            ota::Flint.Ota.OtaChunk.TryWrite(release, request.Artifact, request.Offset, request.Length, frame, out int written);
            before = GC.GetAllocatedBytesForCurrentThread();
            OtaStatus status = engine.OnChunk(frame, 0, written);
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal(OtaStatus.Ok, status);
            chunks++;
        }

        Assert.True(chunks > 48);
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void Ram_OfAConnectedDeviceWithUpdates_IsWithinTheBar()
    {
        string folder = Directory.CreateTempSubdirectory("flint-nano-").FullName + Path.DirectorySeparatorChar;
        using var gateway = new Gateway();
        var platform = new TestPlatform(gateway.Port);
        var settings = new DeviceAgentSettings();
        DeviceAgent agent = EndToEnd.AgentTests.NewAgent(platform, settings);
        settings.Tunnel.Exchange = null; // suite S1
        try
        {
            var flash = new DeviceFileFlash(folder, 4096, 64);
            var trust = new DeviceTrust([DeviceKeys.Read(TunnelFixture.Key("signing"), RsaPublicKey.UsageSignature)]);
            var boot = new Boot();
            var engine = new OtaEngine(flash, OtaLayout.Divide(flash, factory: false), trust, boot, new OtaOptions("nano"u8.ToArray()));
            engine.Start();
            agent.AddFunction("led", argument => 1);
            agent.AddVariable("temperature", () => "22.3");
            agent.UseUpdates(engine, boot, null);
            for (int i = 0; i < 200 && agent.Connections == 0; i++)
            {
                agent.Step();
            }

            Assert.Equal(1, agent.Connections);
            int bytes = DeviceHeap.Measure(agent);
            Assert.InRange(bytes, 8 * 1024, 24 * 1024);
            CostDocument.AssertHolds($"| connected, 512-byte records, with the update engine | {Kibi(bytes)} KiB |");
        }
        finally
        {
            agent.Stop();
            agent.Run();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Kibi(int bytes) => (Math.Ceiling(bytes / 102.4) / 10).ToString(CultureInfo.InvariantCulture);

    private static Cost Connect(TunnelSettings settings, TunnelTicket? ticket, out DeviceTunnel tunnel, out OracleServer server, out CountingCrypto crypto)
    {
        crypto = new CountingCrypto();
        tunnel = new DeviceTunnel(settings, crypto, new SeededEntropy());
        server = new OracleServer(settings.Suite, TunnelFixture.Key(TunnelSuite.IsEphemeral(settings.Suite) ? "signing" : "encryption"), PskMix, settings.Context) { Ticket = new byte[156] };
        tunnel.Begin(ticket);
        byte[] hello = tunnel.TakeOutput();
        byte[] flight = server.Answer(hello, ticket?.ResumptionKey);
        Assert.Equal(TunnelEvent.None, tunnel.Give(flight));
        byte[] auth = tunnel.TakeOutput();
        byte[] accept = server.Accept(auth, settings.DeviceId);
        Assert.Equal(TunnelEvent.Connected, tunnel.Give(accept));
        return new Cost(
            settings.Pins[0].Field.Multiplications, DeviceHeap.HashBlocks(tunnel), crypto.HmacCalls, crypto.AesCalls, crypto.AesBlocks, hello.Length + flight.Length + auth.Length + accept.Length)
        {
            CurveMultiplications = ((P256)settings.Exchange!).Field.Multiplications,
        };
    }

    private static void AssertRow(string name, Cost cost) => CostDocument.AssertHolds($"| {name} | {cost} |");

    private sealed record Cost(int Multiplications, int HashBlocks, int HmacCalls, int AesCalls, int AesBlocks, int WireBytes)
    {
        public int CurveMultiplications { get; init; }

        /// <summary>By the weights that docs/device-costs.md derives.</summary>
        public long Instructions =>
            (205_000L * Multiplications) + (3_900L * CurveMultiplications) + (11_000L * HashBlocks) + (500L * HmacCalls) + (700L * AesCalls) + (120L * AesBlocks) + (25L * WireBytes);

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"{Multiplications} | {CurveMultiplications} | {HashBlocks} | {HmacCalls} | {AesCalls} | {AesBlocks} | {WireBytes} | {Math.Ceiling(Instructions / 1000.0)} k");
    }

    private sealed class Boot : OtaBoot
    {
        public override int RunningBank => -1;

        public override void SetNext(int bank)
        {
        }

        public override void Reset()
        {
        }
    }
}
