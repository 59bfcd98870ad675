using System.Buffers;

namespace Flint.SecureTunnel.Tests.Support;

/// <summary>A server and a device without pipes: frames are handed over by hand, so that a test can stop, look and tamper anywhere.</summary>
internal sealed class Machines : IDisposable
{
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly IDeviceStore _devices;
    private readonly TunnelTime _now;

    public Machines(
        SecureTunnelClientOptions? client = null, SecureTunnelServerOptions? server = null,
        CryptoProvider? crypto = null, Entropy? entropy = null, long unixSeconds = 1_790_000_000, CryptoProvider? clientCrypto = null)
    {
        SecureTunnelServerOptions serverOptions = server ?? TestKeys.ServerOptions();
        _devices = serverOptions.Devices!;
        _now = new TunnelTime(0, unixSeconds);
        Client = new ClientHandshake(client ?? TestKeys.ClientOptions(), clientCrypto ?? crypto ?? SystemCrypto.Instance, entropy ?? SystemEntropy.Instance, _now);
        Server = new ServerHandshake(serverOptions, crypto ?? SystemCrypto.Instance, entropy ?? SystemEntropy.Instance, _now);
    }

    public ClientHandshake Client { get; }

    public ServerHandshake Server { get; }

    public byte[] Begin()
    {
        Client.Begin(_output);
        return Take()[0];
    }

    /// <summary>Gives the server a frame and what it asks for, until it wants the next frame or is done.</summary>
    /// <returns>The frames that it sends.</returns>
    public byte[][] ToServer(byte[] frame)
    {
        HandshakeStep step = Server.OnFrame((byte[])frame.Clone(), _now, _output);
        while (step is HandshakeStep.UsePrivateKey or HandshakeStep.FindDevice)
        {
            step = step == HandshakeStep.UsePrivateKey
                ? Server.OnPrivateKey(_now, _output)
                : Server.OnDevice(_devices.FindAsync(Server.DeviceId, default).AsTask().Result, _now, _output);
        }

        return Take();
    }

    /// <summary>Gives the device a frame.</summary>
    /// <returns>The frames that it sends.</returns>
    public byte[][] ToClient(byte[] frame)
    {
        Client.OnFrame((byte[])frame.Clone(), _output);
        return Take();
    }

    /// <summary>The whole handshake, Retry included, to its end, good or bad.</summary>
    /// <returns>Every frame in order.</returns>
    public List<byte[]> Exchange()
    {
        List<byte[]> frames = [];
        Queue<byte[]> toServer = new([Begin()]);
        while (toServer.TryDequeue(out byte[]? up))
        {
            frames.Add(up);
            foreach (byte[] down in ToServer(up))
            {
                frames.Add(down);
                foreach (byte[] answer in ToClient(down))
                {
                    toServer.Enqueue(answer);
                }
            }
        }

        return frames;
    }

    /// <summary>The whole handshake, which must succeed.</summary>
    /// <returns>Every frame in order: ClientHello, ServerHello, ServerAuth, ClientAuth, Accept, and before them a first ClientHello and Retry if there were any.</returns>
    public byte[][] Run()
    {
        List<byte[]> frames = Exchange();
        Assert.Equal(default, Server.Failure);
        Assert.Equal(default, Client.Failure);
        Assert.Equal(ClientState.Connected, Client.State);
        Assert.Equal(ServerState.Connected, Server.State);
        return [.. frames];
    }

    /// <summary>Both ends of an established session.</summary>
    public static (TunnelSession Device, TunnelSession Gateway) Connect(int clientMaxRecord = 1024, int serverMaxRecord = 4096)
    {
        using var machines = new Machines(TestKeys.ClientOptions(maxRecord: clientMaxRecord), TestKeys.ServerOptions(maxRecord: serverMaxRecord));
        machines.Run();
        return (machines.Client.TakeSession(), machines.Server.TakeSession());
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
    }

    private byte[][] Take()
    {
        var frames = new List<byte[]>();
        var rest = new ReadOnlySequence<byte>(_output.WrittenMemory.ToArray());
        while (Frame.TryRead(rest, ProtocolLimits.MaxBody, out int length) == FrameStatus.Ok)
        {
            frames.Add(rest.Slice(0, length).ToArray());
            rest = rest.Slice(length);
        }

        Assert.True(rest.IsEmpty);
        _output.ResetWrittenCount();
        return [.. frames];
    }
}
