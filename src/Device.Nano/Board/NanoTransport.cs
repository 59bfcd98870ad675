using System;
using System.Net.Sockets;

namespace Flint.Device.Nano;

/// <summary>A TCP socket of the platform. Blocking calls suspend the calling thread only; whatever a socket throws is the end of the stream.</summary>
public sealed class NanoTransport : IDeviceTransport
{
    private readonly Socket _socket;

    /// <param name="socket">A connected stream socket; the transport owns it.</param>
    /// <exception cref="ArgumentNullException">There is none.</exception>
    public NanoTransport(Socket socket)
    {
        _socket = socket ?? throw new ArgumentNullException(nameof(socket));
    }

#pragma warning disable CA1031 // a socket that fails is a stream that ends: a result, never an exception
    /// <inheritdoc/>
    public int Read(byte[] buffer, int offset, int count, int timeout)
    {
        try
        {
            if (!_socket.Poll(timeout * 1000, SelectMode.SelectRead))
            {
                return 0;
            }

            int read = _socket.Receive(buffer, offset, count, SocketFlags.None);
            return read > 0 ? read : -1;
        }
        catch (Exception)
        {
            return -1;
        }
    }

    /// <inheritdoc/>
    public bool Write(byte[] buffer, int offset, int count)
    {
        try
        {
            while (count > 0)
            {
                int sent = _socket.Send(buffer, offset, count, SocketFlags.None);
                if (sent <= 0)
                {
                    return false;
                }

                offset += sent;
                count -= sent;
            }

            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Close()
    {
        try
        {
            _socket.Close();
        }
        catch (Exception)
        {
            // It is gone either way.
        }
    }
#pragma warning restore CA1031
}
