using Flint.Device.Nano.Tests.Support;

namespace Flint.Device.Nano.Tests.Costs;

/// <summary>
/// A whole agent against a gateway in memory: what <see cref="InstructionCounter"/> runs. AES and HMAC are the platform's, through the adapters that the
/// device uses; everything else is the library's.
/// </summary>
internal sealed class CostedDevice
{
    private readonly ScriptedBoard _board;
    private readonly DeviceAgent _agent;

    public CostedDevice()
        : this(new CostCrypto())
    {
    }

    public CostedDevice(IDeviceCrypto crypto)
    {
        byte[] mix = TunnelPsk.Mix(crypto, TunnelFixture.Psk);
        byte[] id = "device-1"u8.ToArray();
        _board = new ScriptedBoard(mix, id, TunnelFixture.Key("encryption"));
        _board.Storage["rng-secret"] = new byte[32];
        var settings = new DeviceAgentSettings { Tunnel = TunnelFixture.Settings() };
        settings.Tunnel.Exchange = null; // suite S1 loads no curve
        _agent = new DeviceAgent(settings, _board, crypto, DeviceRandom.Create(_board, crypto));
        _agent.AddFunction("led", argument => argument == "on" ? 1 : 0);
        _agent.AddVariable("temperature", () => "22.3");
    }

    public DeviceAgent Agent => _agent;

    public ScriptedBoard Board => _board;

    /// <summary>From nothing to a connection that has said what it had to say: computing, handshake, CSM both ways.</summary>
    public void Connect()
    {
        int connections = _agent.Connections;
        while (_agent.Connections == connections)
        {
            _agent.Step();
        }

        Settle();
    }

    public void Cut()
    {
        _board.Cut();
        Settle();
    }

    /// <summary>POST /f/led "on" and 2.04 "1", with the turns of the loop that they take.</summary>
    public void Call()
    {
        int before = _board.Received.Count;
        _board.Send(CallMessage);
        while (_board.Received.Count == before)
        {
            _agent.Step();
        }

        Assert.Equal("344400000001C0FF31", Convert.ToHexString([.. _board.Received.Skip(before)]));
    }

    /// <summary>A turn of the loop in which nothing comes.</summary>
    public void Idle() => _agent.Step();

    private void Settle()
    {
        int read = -1;
        while (read != _board.BytesRead)
        {
            read = _board.BytesRead;
            _agent.Step();
        }
    }

    /// <summary>Length 9, token 00000001, Uri-Path f, led, payload "on".</summary>
    private static readonly byte[] CallMessage = Convert.FromHexString("940200000001b166036c6564ff6f6e");

    /// <summary>The device's adapters with draws that repeat, so that the counts do.</summary>
    private sealed class CostCrypto : IDeviceCrypto
    {
        private readonly NanoCrypto _native = new();
        private readonly StepEntropy _entropy = new();

        public IAes128 CreateAes(byte[] key, int offset) => _native.CreateAes(key, offset);

        public void HmacSha256(byte[] key, byte[] data, int offset, int count, byte[] output, int outputOffset) =>
            _native.HmacSha256(key, data, offset, count, output, outputOffset);

        public void GetEntropy(byte[] buffer, int offset, int count) => _entropy.Fill(buffer, offset, count);
    }
}
