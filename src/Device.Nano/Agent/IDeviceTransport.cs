namespace Flint.Device.Nano;

/// <summary>A connected byte stream: a socket, a serial line. Blocking, with a timeout for reading; it does not throw.</summary>
public interface IDeviceTransport
{
    /// <summary>Reads what there is, up to <paramref name="count"/> bytes, waiting at most <paramref name="timeout"/> milliseconds for the first.</summary>
    /// <returns>How many bytes; 0: nothing came in time; -1: the stream has ended or failed.</returns>
    int Read(byte[] buffer, int offset, int count, int timeout);

    /// <summary>Writes the range.</summary>
    /// <returns>False where the stream has failed.</returns>
    bool Write(byte[] buffer, int offset, int count);

    /// <summary>Closes the stream; safe to repeat.</summary>
    void Close();
}
