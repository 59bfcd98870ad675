using System.Buffers;
using System.Reflection;
using System.Security.Cryptography;
using Flint.SecureTunnel.Tests.Support;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Sections 6 to 12 and 16: what the machines do at the edge of a limit, behind their end, and with what they no longer need.</summary>
public sealed class Section16_MachineEdgeTests
{
    private const long Now = 1_790_000_000;
    private static readonly byte[] RingKey = [.. Enumerable.Repeat((byte)0x5E, 32)];

    [Theory]
    [InlineData(SecureTunnelSuite.RsaOaepAes128Gcm, false, 20_000)]
    [InlineData(SecureTunnelSuite.P256RsaPssAes128Gcm, false, 70_000)]
    [InlineData(SecureTunnelSuite.P256RsaPssAes128Gcm, true, 20_000)]
    public void Server_AfterItsAnswer_WaitsAsLongAsTheSuiteNeeds(SecureTunnelSuite suite, bool resumes, long deadline) // [ST-704]
    {
        using var slot = new SecureTunnelTicketSlot();
        using var ring = new SecureTunnelTicketRing(RingKey);
        SecureTunnelClientOptions client = TestKeys.ClientOptions(suite: suite, tickets: slot);
        SecureTunnelServerOptions options = TestKeys.ServerOptions(tickets: ring);
        if (resumes)
        {
            using var first = new Machines(client, options);
            first.Run();
        }

        using var device = new Machines(client, options, unixSeconds: Now);
        var output = new ArrayBufferWriter<byte>();
        using var server = new ServerHandshake(options, SystemCrypto.Instance, SystemEntropy.Instance, new TunnelTime(5_000, Now));
        Assert.Equal(15_000, server.NextDeadline);
        HandshakeStep step = server.OnFrame(device.Begin(), new TunnelTime(10_000, Now), output);
        _ = step == HandshakeStep.UsePrivateKey ? server.OnPrivateKey(new TunnelTime(10_000, Now), output) : step;
        Assert.Equal(ServerState.WaitClientAuth, server.State);
        Assert.Equal(deadline, server.NextDeadline);
    }

    [Fact]
    public void Server_AfterRetry_WaitsForTheNextHelloAsForTheFirst() // [ST-309] [ST-704]
    {
        using var slot = TakeTicket();
        using var device = new Machines(TestKeys.ClientOptions(tickets: slot));
        using var server = new ServerHandshake(TestKeys.ServerOptions(), SystemCrypto.Instance, SystemEntropy.Instance, new TunnelTime(0, Now));
        server.OnFrame(device.Begin(), new TunnelTime(7_000, Now), new ArrayBufferWriter<byte>());
        Assert.Equal(ServerState.WaitFullHello, server.State);
        Assert.Equal(17_000, server.NextDeadline);
    }

    [Fact]
    public void Server_ToldByTheDeviceThatItFails_KnowsWhoseAlertItWas() // [ST-321] [ST-322]
    {
        using var machines = new Machines();
        byte[][] answer = machines.ToServer(machines.Begin());
        machines.ToClient(answer[0]);
        answer[1][^1] ^= 1;
        byte[] alert = Assert.Single(machines.ToClient(answer[1]));
        Assert.Empty(machines.ToServer(alert));
        Assert.Equal(new HandshakeFailure(SecureTunnelReason.AlertFromPeer, SecureTunnelAlert.HandshakeFailed, FromPeer: true), machines.Server.Failure);
        machines.Server.OnDeadline(new ArrayBufferWriter<byte>());
        Assert.Equal(SecureTunnelReason.AlertFromPeer, machines.Server.Failure.Reason); // the first reason is the reason
    }

    /// <summary>Whatever breaks behind ClientAuth, up to the sealing of Accept: it is what the caller sees, and the device can open the alert.</summary>
    [Fact]
    public void Server_WhoseCryptographyFailsAtAnyCallForTheDevice_TellsItThatTheFaultIsItsOwn() // [ST-322]
    {
        var healthy = new FailingCrypto();
        using (var machines = new Machines(crypto: healthy, clientCrypto: SystemCrypto.Instance))
        {
            HandshakeStep step = machines.Server.OnFrame(ClientAuthOf(machines), new TunnelTime(0, Now), new ArrayBufferWriter<byte>());
            Assert.Equal(HandshakeStep.FindDevice, step);
            healthy.Calls = 0;
            machines.Server.OnDevice(Device(), new TunnelTime(0, Now), new ArrayBufferWriter<byte>());
            Assert.Equal(ServerState.Connected, machines.Server.State);
        }

        Assert.InRange(healthy.Calls, 10, 40);
        for (int call = 1; call <= healthy.Calls; call++)
        {
            var failing = new FailingCrypto();
            using var machines = new Machines(crypto: failing, clientCrypto: SystemCrypto.Instance);
            machines.Server.OnFrame(ClientAuthOf(machines), new TunnelTime(0, Now), new ArrayBufferWriter<byte>());
            (failing.Calls, failing.FailsAt) = (0, call);
            var output = new ArrayBufferWriter<byte>();
            Assert.Throws<IOException>(() => machines.Server.OnDevice(Device(), new TunnelTime(0, Now), output));
            Assert.Equal(0, output.WrittenCount);
            machines.Server.OnInternalError(output);

            Assert.Empty(machines.ToClient(output.WrittenSpan.ToArray()));
            Assert.Equal(new HandshakeFailure(SecureTunnelReason.AlertFromPeer, SecureTunnelAlert.Internal, FromPeer: true), machines.Client.Failure);
            Assert.All(Reachable.Secrets(machines.Server), secret => Assert.True(Reachable.IsErased(secret)));
        }
    }

    [Fact]
    public void Machine_ThatIsConnected_StaysSoWhateverComes() // [ST-901] [ST-902]
    {
        using var machines = new Machines();
        machines.Run();
        var output = new ArrayBufferWriter<byte>();
        Assert.Equal(HandshakeStep.Failed, machines.Server.OnDeadline(output));
        Assert.Equal(HandshakeStep.Failed, machines.Client.OnDeadline(output));
        Assert.Equal(ServerState.Connected, machines.Server.State);
        Assert.Equal(ClientState.Connected, machines.Client.State);
        Assert.Equal(0, output.WrittenCount);
    }

    [Fact]
    public void Device_BehindServerHelloAndAccept_HoldsNothingThatItNoLongerNeeds() // [ST-403]
    {
        using var machines = new Machines(TestKeys.ClientOptions(suite: SecureTunnelSuite.RsaOaepAes128Gcm));
        byte[][] answer = machines.ToServer(machines.Begin());
        Secret seed = Field<Secret>(machines.Client, "_seed");
        Assert.NotEqual(new byte[32], seed.Span.ToArray());
        machines.ToClient(answer[0]);
        Assert.Equal(new byte[32], seed.Span.ToArray());
        byte[] auth = Assert.Single(machines.ToClient(answer[1]));
        RecordOpener alerts = Field<RecordOpener>(machines.Client, "_alertOpener");
        Assert.All(Reachable.Secrets(alerts), secret => Assert.False(Reachable.IsErased(secret)));
        machines.ToClient(Assert.Single(machines.ToServer(auth)));
        Assert.Equal(ClientState.Connected, machines.Client.State);
        Assert.All(Reachable.Secrets(alerts), secret => Assert.True(Reachable.IsErased(secret)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Device_ThatCannotUseItsTicket_ErasesIt(bool retry) // [ST-403] [ST-806] [ST-807]
    {
        using SecureTunnelTicketSlot slot = TakeTicket();
        DeviceTicket ticket = Field<DeviceTicket>(slot, "_ticket");
        var keys = new CountingKeys();
        using var machines = new Machines(
            TestKeys.ClientOptions(suite: retry ? SecureTunnelSuite.RsaOaepAes128Gcm : SecureTunnelSuite.RsaOaepAes128Ccm, tickets: slot), TestKeys.ServerOptions(), keys);
        byte[] hello = machines.Begin();
        if (retry)
        {
            Assert.Equal(1, keys.Alive);
            machines.ToClient(Assert.Single(machines.ToServer(hello)));
            Assert.Equal(0, keys.Alive);
        }

        Assert.Throws<ObjectDisposedException>(() => ticket.Secret.Length);
    }

    [Fact]
    public void Device_BehindItsAgreement_HasNoEphemeralKey() // [ST-403]
    {
        var keys = new CountingKeys();
        using var machines = new Machines(TestKeys.ClientOptions(suite: SecureTunnelSuite.P256RsaPssAes128Gcm), crypto: keys);
        byte[][] answer = machines.ToServer(machines.Begin());
        Assert.Equal(1, keys.Alive);
        machines.ToClient(answer[0]);
        Assert.Equal(0, keys.Alive);
    }

    [Theory]
    [InlineData(2 + 2, 0x01)] // a suite that the device did not ask for
    [InlineData(2 + 3, 0x01)] // a mode that it did not ask for
    public void Device_GivenAServerHelloOfAnotherSuiteOrMode_Refuses(int offset, byte value) // [ST-307] [ST-308]
    {
        using var machines = new Machines();
        byte[] hello = machines.ToServer(machines.Begin())[0];
        hello[offset] = value;
        machines.ToClient(hello);
        Assert.Equal(new HandshakeFailure(SecureTunnelReason.MalformedMessage, SecureTunnelAlert.Malformed, FromPeer: false), machines.Client.Failure);
    }

    [Fact]
    public void Device_GivenAServerHelloThatIsCutOrAnAcceptThatDoesNotOpen_SaysWhich() // [ST-301] [ST-502]
    {
        using var cut = new Machines();
        byte[] hello = cut.ToServer(cut.Begin())[0];
        byte[] shorter = hello[..^1];
        Frame.WriteHeader(shorter, shorter.Length - 2);
        cut.ToClient(shorter);
        Assert.Equal(SecureTunnelReason.MalformedMessage, cut.Client.Failure.Reason);

        using var forged = new Machines();
        byte[][] answer = forged.ToServer(forged.Begin());
        forged.ToClient(answer[0]);
        byte[] accept = Assert.Single(forged.ToServer(Assert.Single(forged.ToClient(answer[1]))));
        accept[5] ^= 1;
        forged.ToClient(accept);
        Assert.Equal(new HandshakeFailure(SecureTunnelReason.RecordNotOpened, SecureTunnelAlert.RecordFailed, FromPeer: false), forged.Client.Failure);
    }

    [Fact]
    public void Seed_OfThirtyOneBytes_IsNotMadeUpWithAZero() // [ST-603]
    {
        byte[] seed = [.. Enumerable.Repeat((byte)7, 31), 0];
        using var machines = new Machines(clientCrypto: new ShortSeed(), entropy: new ScriptedEntropy().With(EntropyUse.Seed, seed));
        machines.Exchange();
        Assert.Equal(SecureTunnelReason.ServerNotAuthenticated, machines.Client.Failure.Reason);
    }

    [Fact]
    public void Server_AskedForAnUnknownDevice_DrawsThePskThatNobodyHas() // [ST-324]
    {
        var entropy = new CountingEntropy();
        using var machines = new Machines(server: TestKeys.ServerOptions(new InMemoryDeviceStore()), entropy: entropy);
        machines.Exchange();
        Assert.Equal(SecureTunnelReason.UnknownDevice, machines.Server.Failure.Reason);
        Assert.Contains(EntropyUse.DummyPsk, entropy.Uses);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-1, false)]
    public void Ticket_OfAChainThatEndsWhileTheDeviceIsLookedUp_IsNotGivenAnyMore(long fromTheEnd, bool isOver) // [ST-803]
    {
        using SecureTunnelTicketSlot slot = Slot(firstAuth: Now - (7 * 24 * 3600) + 10, expires: Now + 10);
        SecureTunnelServerOptions options = TestKeys.ServerOptions(tickets: new SecureTunnelTicketRing(RingKey));
        using var machines = new Machines(TestKeys.ClientOptions(tickets: slot), options, unixSeconds: Now);
        byte[][] answer = machines.ToServer(machines.Begin());
        machines.ToClient(answer[0]);
        var output = new ArrayBufferWriter<byte>();
        machines.Server.OnFrame(Assert.Single(machines.ToClient(answer[1])), new TunnelTime(0, Now), output);
        Assert.Equal(HandshakeStep.Connected, machines.Server.OnDevice(SecureTunnelDevice.FromPsk(TestKeys.Psk), new TunnelTime(0, Now + 10 + fromTheEnd), output));
        machines.ToClient(output.WrittenSpan.ToArray());
        Assert.Equal(ClientState.Connected, machines.Client.State);
        Assert.Equal(isOver, !slot.HasTicket);
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, false)]
    public void Ticket_AtTheEndOfItsChain_IsOverWhateverItSaysOfItself(long fromTheEnd, bool resumes) // [ST-803]
    {
        using SecureTunnelTicketSlot slot = Slot(firstAuth: Now, expires: uint.MaxValue);
        using var machines = new Machines(
            TestKeys.ClientOptions(tickets: slot), TestKeys.ServerOptions(tickets: new SecureTunnelTicketRing(RingKey)), unixSeconds: Now + (7 * 24 * 3600) + fromTheEnd);
        Assert.Equal(resumes ? 5 : 7, machines.Run().Length);
    }

    [Fact]
    public void KeyUpdates_InAnyMinuteOfALongSession_AreLimited() // [ST-506]
    {
        (TunnelSession device, TunnelSession gateway) = Machines.Connect();
        byte[] frame = new byte[64];
        const long Later = 1_000_000;
        for (int i = 0; i < 9; i++)
        {
            int length = device.SealKeyUpdate(request: false, Later + i, frame);
            SessionEvent what = gateway.OnFrame(frame.AsSpan(0, length), Later + (i < 8 ? i : 59_999), out _);
            Assert.Equal(i < 8 ? SessionEvent.KeyUpdated : SessionEvent.Failed, what);
        }

        device.Dispose();
        gateway.Dispose();
    }

    [Fact]
    public void Ring_Disposed_CountsItsPreviousKeysNoMore() // [ST-805]
    {
        var ring = new SecureTunnelTicketRing(RingKey);
        ring.Rotate(new byte[32], DateTimeOffset.FromUnixTimeSeconds(Now));
        Assert.Equal(2, ring.Count);
        ring.Dispose();
        Assert.Equal(1, ring.Count);
    }

    [Fact]
    public void PinSet_OfFourKeys_HoldsEach() // [ST-106]
    {
        SecureTunnelPin[] pins = [.. new[] { TestKeys.Encryption.ExportSpki(), TestKeys.Signing.ExportSpki(), TestKeys.Foreign.ExportSpki(), DeviceSpki() }
            .Select(spki => SecureTunnelPin.FromSpki(spki, SecureTunnelKeyUsage.Encryption))];
        var set = new SecureTunnelPinSet(pins);
        Assert.Equal(4, set.Count);
        Assert.All(pins, pin => Assert.True(set.Holds(pin.KeyHash)));
    }

    [Fact]
    public void Hello_CutAnywhere_IsTruncated() // [ST-301]
    {
        using var machines = new Machines();
        byte[] hello = machines.Begin()[2..];
        Assert.All(Enumerable.Range(0, hello.Length), length => Assert.Equal(WireStatus.Truncated, ClientHello.TryRead(hello.AsSpan(0, length), out _)));
        Assert.Equal(WireStatus.Ok, ClientHello.TryRead(hello, out _));
    }

    [Theory]
    [InlineData(SecureTunnelSuite.RsaOaepAes128Ccm, 0xFF, 256, 1, SecureTunnelAlert.Malformed)] // not configured, and a byte too much
    [InlineData(SecureTunnelSuite.RsaOaepAes128Ccm, 0xFF, 256, 0, SecureTunnelAlert.Unsupported)] // not configured, and a key that nobody has
    [InlineData(SecureTunnelSuite.RsaOaepAes128Gcm, 0xFF, 384, 0, SecureTunnelAlert.UnknownKey)] // a key that nobody has, and a ciphertext for a longer one
    [InlineData(SecureTunnelSuite.RsaOaepAes128Gcm, 0x00, 384, 0, SecureTunnelAlert.Malformed)]
    public void Server_GivenAHelloWithTwoFaults_AnswersTheFirst(SecureTunnelSuite suite, byte keyIdChange, int kem, int trailing, SecureTunnelAlert alert) // [ST-325]
    {
        byte[] keyId = TestKeys.Encryption.KeyId.ToArray();
        keyId[0] ^= keyIdChange;
        byte[] frame = new byte[1026];
        new ClientHello { Suite = suite, MaxRecord = 1024, Random = new byte[32], KeyId = keyId, Kem = new byte[kem] }.TryWrite(frame.AsSpan(2), out int written);
        Frame.WriteHeader(frame, written + trailing);
        var options = new SecureTunnelServerOptions { Keys = [TestKeys.Encryption], Suites = [SecureTunnelSuite.RsaOaepAes128Gcm], Devices = TestKeys.Devices };
        using var machines = new Machines(server: options);
        Assert.Equal([0, 2, 0x0F, (byte)alert], Assert.Single(machines.ToServer(frame[..(2 + written + trailing)])));
    }

    [Fact]
    public void Statuses_OfWhatIsNotConfigured_HaveOneReason() // [ST-101] [ST-302] [ST-304]
    {
        foreach (WireStatus status in new[] { WireStatus.UnsupportedVersion, WireStatus.UnsupportedSuite, WireStatus.UnsupportedMode })
        {
            Assert.Equal(SecureTunnelReason.UnsupportedSuite, status.ToReason());
            Assert.Equal(SecureTunnelAlert.Unsupported, status.ToAlert());
        }
    }

    [Fact]
    public void Context_OfThirtyTwoBytes_EntersTheTranscript() // [ST-109]
    {
        SecureTunnelClientOptions client = TestKeys.ClientOptions();
        byte[] context = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        using var machines = new Machines(
            new SecureTunnelClientOptions { Pins = client.Pins, DeviceId = client.DeviceId, Credential = client.Credential, ApplicationContext = context },
            new SecureTunnelServerOptions { Keys = [TestKeys.Encryption], Devices = TestKeys.Devices, ApplicationContext = context });
        Assert.Equal(5, machines.Run().Length);
    }

    private static byte[] DeviceSpki()
    {
        using SecureTunnelDevice device = TestKeys.DeviceRsaEntry();
        return device.PublicKey!.ExportSubjectPublicKeyInfo();
    }

    private static T Field<T>(object owner, string name) => (T)owner.GetType().GetField(name, BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(owner)!;

    private static SecureTunnelTicketSlot TakeTicket()
    {
        var slot = new SecureTunnelTicketSlot();
        using var machines = new Machines(TestKeys.ClientOptions(tickets: slot), TestKeys.ServerOptions(tickets: new SecureTunnelTicketRing(RingKey)), unixSeconds: Now);
        machines.Run();
        return slot;
    }

    /// <summary>A device's ticket of any times, sealed as a server of the same ring would.</summary>
    private static SecureTunnelTicketSlot Slot(long firstAuth, long expires)
    {
        using SecureTunnelDevice device = SecureTunnelDevice.FromPsk(TestKeys.Psk);
        using var ring = new SecureTunnelTicketRing(RingKey);
        byte[] secret = [.. Enumerable.Repeat((byte)3, 32)];
        byte[] ticket = new byte[256];
        var state = new TicketState
        {
            Suite = SecureTunnelSuite.RsaOaepAes128Gcm,
            ResumptionPsk = secret,
            FirstAuth = (uint)firstAuth,
            Expires = (uint)expires,
            CredentialTag = device.CredentialTag,
            DeviceId = TestKeys.DeviceId.Span,
        };
        int length = ring.Seal(state, new byte[16], Now, ticket);
        var slot = new SecureTunnelTicketSlot();
        slot.Put(new DeviceTicket(SecureTunnelSuite.RsaOaepAes128Gcm, ticket[..length], secret, TestKeys.Encryption.KeyHash.ToArray()));
        return slot;
    }

    /// <summary>Leaves the last byte of the seed out.</summary>
    private sealed class ShortSeed : ForwardingCrypto
    {
        public override void OaepEncrypt(RSA publicKey, ReadOnlySpan<byte> seed, Span<byte> ciphertext) => base.OaepEncrypt(publicKey, seed[..31], ciphertext);
    }

    private sealed class CountingEntropy : Entropy
    {
        public HashSet<EntropyUse> Uses { get; } = [];

        public override void Fill(Span<byte> destination, EntropyUse use)
        {
            Uses.Add(use);
            RandomNumberGenerator.Fill(destination);
        }
    }

    private static byte[] ClientAuthOf(Machines machines)
    {
        byte[][] flight = machines.ToServer(machines.Begin());
        machines.ToClient(flight[0]);
        return Assert.Single(machines.ToClient(flight[1]));
    }

    private static SecureTunnelDevice Device() => TestKeys.Store().FindAsync(TestKeys.DeviceId, default).AsTask().Result!;

    /// <summary>Fails at one call of a derivation or of a cipher's making.</summary>
    private sealed class FailingCrypto : ForwardingCrypto
    {
        public int Calls { get; set; }

        public int FailsAt { get; set; }

        public override void Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> destination)
        {
            Count();
            base.Hmac(key, data, destination);
        }

        public override Aead CreateAead(SecureTunnelSuite suite, ReadOnlySpan<byte> key)
        {
            Count();
            return base.CreateAead(suite, key);
        }

        private void Count()
        {
            if (++Calls == FailsAt)
            {
                throw new IOException("No memory, no module, no luck.");
            }
        }
    }
}
