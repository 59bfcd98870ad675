using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;
using FsCheck.Fluent;

namespace Flint.SecureTunnel.Tests.Properties;

/// <summary>A device on BouncyCastle's primitives meets our server, and the other way round: any suite, credential, identity, context and content.</summary>
public sealed class TwoLibrariesProperties
{
    [Fact]
    public void Handshake_BetweenTwoLibraries_ConnectsAndCarriesRecords() => // [ST-402]
        PropertyRunner.Check(
            (from suite in Gen.Choose(1, 4)
             from rsa in Gen.Elements(false, true)
             from deviceIsForeign in Gen.Elements(false, true)
             from resume in Gen.Choose(0, 2)
             from id in Gen.ArrayOf(Gen.Choose(0, 255).Select(i => (byte)i)).Select(bytes => bytes.Length == 0 ? [1] : bytes[..Math.Min(64, bytes.Length)])
             from content in Gen.ArrayOf(Gen.Choose(0, 255).Select(i => (byte)i))
             select (Suite: (SecureTunnelSuite)suite, rsa, deviceIsForeign, resume, id, content)).ToArbitrary(),
            input =>
            {
                var id = new SecureTunnelDeviceId(input.id);
                var store = new InMemoryDeviceStore();
                store.Set(id, input.rsa ? TestKeys.DeviceRsaEntry() : SecureTunnelDevice.FromPsk(TestKeys.Psk));
                using var slot = new SecureTunnelTicketSlot();
                SecureTunnelClientOptions client = TestKeys.ClientOptions(
                    suite: input.Suite, credential: input.rsa ? TestKeys.DeviceRsaCredential() : null, deviceId: id, tickets: slot, ephemeral: input.resume == 2);
                SecureTunnelServerOptions server = TestKeys.ServerOptions(store, tickets: new SecureTunnelTicketRing(new byte[32]));
                CryptoProvider other = new BouncyCastleCrypto();
                for (int i = 0; i <= Math.Min(1, input.resume); i++)
                {
                    using var machines = new Machines(client, server, input.deviceIsForeign ? SystemCrypto.Instance : other, clientCrypto: input.deviceIsForeign ? other : SystemCrypto.Instance);
                    machines.Run();
                    if (machines.Client.Resumed != (i == 1))
                    {
                        return false;
                    }

                    using TunnelSession device = machines.Client.TakeSession();
                    using TunnelSession gateway = machines.Server.TakeSession();
                    byte[] frame = new byte[input.content.Length + RecordSealer.Overhead];
                    device.SealData(input.content, frame);
                    bool up = gateway.OnFrame(frame, 0, out ReadOnlySpan<byte> there) == SessionEvent.Data && there.SequenceEqual(input.content);
                    gateway.SealData(input.content, frame);
                    bool down = device.OnFrame(frame, 0, out ReadOnlySpan<byte> back) == SessionEvent.Data && back.SequenceEqual(input.content);
                    if (!up || !down)
                    {
                        return false;
                    }
                }

                return true;
            }, runs: 25);
}
