using System.Net;
using System.Net.Sockets;

namespace Flint.Device.Nano.Tests.Board;

/// <summary>The socket of the platform as the agent sees it: bytes, silence, or the end.</summary>
public sealed class NanoTransportTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly string _folder = Directory.CreateTempSubdirectory("flint-board-").FullName + Path.DirectorySeparatorChar;

    public NanoTransportTests() => _listener.Start();

    private int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    [Fact]
    public void Transport_BothWays_CarriesBytesAndSeesSilenceAndTheEnd()
    {
        IDeviceTransport device = new NanoPlatform("127.0.0.1", Port, _folder, null).Connect()!;
        using Socket server = _listener.AcceptSocket();
        byte[] buffer = new byte[16];

        Assert.Equal(0, device.Read(buffer, 0, 16, 20));
        Assert.True(device.Write([0, 1, 2, 3, 4], 1, 3));
        Assert.Equal(3, server.Receive(buffer));
        Assert.Equal(new byte[] { 1, 2, 3 }, buffer[..3]);
        server.Send([9, 8, 7]);
        Assert.Equal(2, device.Read(buffer, 5, 2, 1000));
        Assert.Equal(new byte[] { 9, 8 }, buffer[5..7]);
        Assert.Equal(1, device.Read(buffer, 0, 16, 1000));
        server.Shutdown(SocketShutdown.Both);
        Assert.Equal(-1, device.Read(buffer, 0, 16, 1000));
        device.Close();
        device.Close();
        Assert.Equal(-1, device.Read(buffer, 0, 16, 1));
        Assert.False(device.Write(buffer, 0, 16));
    }

    [Fact]
    public void Platform_WithoutAnybodyThere_HasNoConnection()
    {
        int port = Port;
        _listener.Stop();

        Assert.Null(new NanoPlatform("127.0.0.1", port, _folder, null).Connect());
        Assert.Null(new NanoPlatform("no-such-name.invalid", port, _folder, null).Connect());
    }

    [Fact]
    public void Platform_Storage_ClockAndWatchdog_AreTheBoards()
    {
        int fed = 0;
        var platform = new NanoPlatform("127.0.0.1", 1, _folder, () => fed++);
        long before = platform.Now;
        platform.Sleep(20);
        platform.FeedWatchdog();
        new NanoPlatform("127.0.0.1", 1, _folder, null).FeedWatchdog();

        Assert.InRange(platform.Now - before, 10, 5000);
        Assert.Equal(1, fed);
        Assert.True(platform.Save("v", [5]));
        Assert.Equal([5], platform.Load("v"));
        Assert.Throws<ArgumentException>(() => new NanoPlatform("h", 0, _folder, null));
    }

    public void Dispose()
    {
        _listener.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
