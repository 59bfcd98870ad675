extern alias nano;

using System.IO.Pipelines;
using System.Security.Cryptography;
using Flint.Coap;
using Flint.Ota;
using Flint.SecureTunnel;

// Each package does what it is for, once, in a project that has only the packages.
byte[] datagram = new byte[64];
var writer = new CoapMessageWriter(datagram);
writer.WriteHeader(CoapType.Confirmable, CoapCode.Get, 1, [7]);
writer.WriteOption(CoapOptionNumber.UriPath, "time"u8);
bool coap = writer.TryComplete(out int length)
    && CoapMessageReader.TryRead(datagram.AsSpan(0, length), out CoapMessageReader message) == CoapReadStatus.Ok
    && message.Code == CoapCode.Get;
Console.WriteLine(coap ? "coap ok" : "coap failed");

using RSA key = RSA.Create(2048);
byte[] psk = RandomNumberGenerator.GetBytes(32);
using var serverKey = new SecureTunnelServerKey(key, SecureTunnelKeyUsage.Encryption);
var devices = new InMemoryDeviceStore();
devices.Set(new SecureTunnelDeviceId("consumer"), SecureTunnelDevice.FromPsk(psk));
Pipe up = new();
Pipe down = new();
Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(
    new Duplex(up.Reader, down.Writer), new SecureTunnelServerOptions { Keys = [serverKey], Devices = devices }, default).AsTask();
await using SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(
    new Duplex(down.Reader, up.Writer),
    new SecureTunnelClientOptions { Pins = new SecureTunnelPinSet(serverKey.ToPin()), DeviceId = new SecureTunnelDeviceId("consumer"), Credential = SecureTunnelCredential.FromPsk(psk) },
    default);
await using SecureTunnelConnection server = await accepting;
await device.Output.WriteAsync("hello"u8.ToArray());
ReadResult read = await server.Input.ReadAsync();
Console.WriteLine(server.Peer.DeviceId.ToString() == "consumer" && read.Buffer.Length == 5 ? "tunnel ok" : "tunnel failed");

byte[] product = new byte[16];
OtaImage image = OtaImage.Create(RandomNumberGenerator.GetBytes(10_000));
byte[] envelope = OtaSigner.Sign(new OtaManifestBuilder { Product = product, Sequence = 1 }.Add(0, "1.0.0", image).Build(), key);
using var trust = new OtaTrustStore();
trust.Add(key);
var flash = new MemoryFlash(128 * 1024, 4096);
OtaLayout layout = OtaLayout.Divide(flash, factory: false);
OtaStatus installed = new OtaProvisioner(flash, layout, trust).InstallFirst(envelope, new OtaRelease(envelope, image));
OtaBootDecision boot = new OtaEngine(flash, layout, trust, new OtaBootStage(), new OtaOptions(product)).Start();
Console.WriteLine(installed == OtaStatus.Ok && boot.Source == OtaBootSource.Confirmed && boot.Sequence == 1 ? "ota ok" : "ota failed");

var reader = new nano::Flint.Device.Nano.CoapReader();
Console.WriteLine(new nano::Flint.Device.Nano.CoapDatagram().Read(reader, datagram, 0, length) == nano::Flint.Device.Nano.CoapReadStatus.Ok ? "nano ok" : "nano failed");

internal sealed class Duplex(PipeReader input, PipeWriter output) : IDuplexPipe
{
    public PipeReader Input => input;

    public PipeWriter Output => output;
}
