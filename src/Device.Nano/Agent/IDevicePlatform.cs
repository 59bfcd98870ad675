namespace Flint.Device.Nano;

/// <summary>What the agent asks of the board: the network, a clock, a little storage, the watchdog. Nothing here throws, but where memory has run out.</summary>
public interface IDevicePlatform
{
    /// <summary>Milliseconds of a clock that never goes back.</summary>
    long Now { get; }

    /// <summary>Waits.</summary>
    void Sleep(int milliseconds);

    /// <summary>Opens a connection to the server.</summary>
    /// <returns>Null where there is none to be had now.</returns>
    IDeviceTransport? Connect();

    /// <summary>Reads what <see cref="Save"/> stored last under this name.</summary>
    /// <returns>Null where there is nothing.</returns>
    byte[]? Load(string name);

    /// <summary>Stores a few hundred bytes under a name, whole or not at all, whatever happens to the power.</summary>
    /// <returns>False where they could not be stored.</returns>
    bool Save(string name, byte[] value);

    /// <summary>Tells the hardware's watchdog that all is well. The agent calls it from its loop, and stops where a trial takes too long.</summary>
    void FeedWatchdog();
}
