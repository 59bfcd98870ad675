using System.Collections.Concurrent;
using System.Net.Sockets;

namespace Flint.Device.Nano.Tests.Support;

/// <summary>A board: TCP to loopback, storage that survives its restarts, a clock that can be moved.</summary>
internal sealed class TestPlatform(int port) : IDevicePlatform
{
    private long _offset;

    public ConcurrentDictionary<string, byte[]> Storage { get; } = new();

    public bool HasNetwork { get; set; } = true;

    public bool StorageFails { get; set; }

    public int Fed { get; private set; }

    public List<int> Sleeps { get; } = [];

    public long Now => Environment.TickCount64 + Interlocked.Read(ref _offset);

    public void Advance(long milliseconds) => Interlocked.Add(ref _offset, milliseconds);

    /// <summary>Waiting is skipped, and counted.</summary>
    public void Sleep(int milliseconds)
    {
        Sleeps.Add(milliseconds);
        Advance(milliseconds);
        Thread.Sleep(1);
    }

    public IDeviceTransport? Connect()
    {
        if (!HasNetwork)
        {
            return null;
        }

        try
        {
            var client = new TcpClient("127.0.0.1", port) { NoDelay = true };
            return new StreamTransport(client.GetStream());
        }
        catch (SocketException)
        {
            return null;
        }
    }

    public byte[]? Load(string name) => Storage.TryGetValue(name, out byte[]? value) ? (byte[])value.Clone() : null;

    public bool Save(string name, byte[] value)
    {
        if (StorageFails)
        {
            return false;
        }

        Storage[name] = (byte[])value.Clone();
        return true;
    }

    public void FeedWatchdog() => Fed++;
}
