namespace Flint.Device.Nano.Tests.Support;

/// <summary>A board, with its cryptography, each of whose members may throw: what the interfaces forbid, and a lack of memory does all the same.</summary>
internal sealed class FaultyBoard(IDevicePlatform inner, IDeviceCrypto crypto) : IDevicePlatform, IDeviceCrypto
{
    /// <summary>What the member of this name throws now; null: nothing.</summary>
    public Func<string, Exception?> Fault { get; set; } = member => null;

    /// <summary>Told the name of each member that is called, before anything else.</summary>
    public Action<string> OnCall { get; set; } = member => { };

    /// <summary>The names of all values that were saved, in order.</summary>
    public List<string> Saved { get; } = [];

    public long Now => Run("Now", () => inner.Now);

    public void Sleep(int milliseconds) => Run("Sleep", () => { inner.Sleep(milliseconds); return 0; });

    public IDeviceTransport? Connect() => Run("Connect", () => inner.Connect() is { } transport ? new Transport(this, transport) : null);

    public byte[]? Load(string name) => Run("Load", () => inner.Load(name));

    public bool Save(string name, byte[] value)
    {
        Saved.Add(name);
        return Run("Save", () => inner.Save(name, value));
    }

    public void FeedWatchdog() => Run("FeedWatchdog", () => { inner.FeedWatchdog(); return 0; });

    public IAes128 CreateAes(byte[] key, int offset) => Run("CreateAes", () => crypto.CreateAes(key, offset));

    public void HmacSha256(byte[] key, byte[] data, int offset, int count, byte[] output, int outputOffset) =>
        Run("HmacSha256", () => { crypto.HmacSha256(key, data, offset, count, output, outputOffset); return 0; });

    public void GetEntropy(byte[] buffer, int offset, int count) => crypto.GetEntropy(buffer, offset, count);

    private T Run<T>(string member, Func<T> work)
    {
        OnCall(member);
        return Fault(member) is { } fault ? throw fault : work();
    }

    private sealed class Transport(FaultyBoard board, IDeviceTransport inner) : IDeviceTransport
    {
        public int Read(byte[] buffer, int offset, int count, int timeout) => board.Run("Read", () => inner.Read(buffer, offset, count, timeout));

        public bool Write(byte[] buffer, int offset, int count) => board.Run("Write", () => inner.Write(buffer, offset, count));

        public void Close() => board.Run("Close", () => { inner.Close(); return 0; });
    }
}
