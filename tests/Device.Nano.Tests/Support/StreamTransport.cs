namespace Flint.Device.Nano.Tests.Support;

/// <summary>The device's transport over a stream of .NET: a thread reads ahead, so that a read can time out.</summary>
internal sealed class StreamTransport : IDeviceTransport
{
    private readonly Stream _stream;
    private readonly Queue<byte> _received = new();
    private bool _ended;

    public StreamTransport(Stream stream)
    {
        _stream = stream;
        new Thread(ReadAhead) { IsBackground = true }.Start();
    }

    public int Read(byte[] buffer, int offset, int count, int timeout)
    {
        lock (_received)
        {
            long deadline = Environment.TickCount64 + timeout;
            while (_received.Count == 0 && !_ended)
            {
                int left = (int)(deadline - Environment.TickCount64);
                if (left <= 0 || !Monitor.Wait(_received, left))
                {
                    return _received.Count == 0 && !_ended ? 0 : Take(buffer, offset, count);
                }
            }

            return Take(buffer, offset, count);
        }
    }

    public bool Write(byte[] buffer, int offset, int count)
    {
        try
        {
            _stream.Write(buffer, offset, count);
            _stream.Flush();
            return true;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            return false;
        }
    }

    public void Close() => _stream.Dispose();

    private int Take(byte[] buffer, int offset, int count)
    {
        int taken = Math.Min(count, _received.Count);
        for (int i = 0; i < taken; i++)
        {
            buffer[offset + i] = _received.Dequeue();
        }

        return taken == 0 && _ended ? -1 : taken;
    }

    private void ReadAhead()
    {
        byte[] buffer = new byte[4096];
        int count = 1;
        while (count > 0)
        {
            try
            {
                count = _stream.Read(buffer, 0, buffer.Length);
            }
            catch (Exception e) when (e is IOException or InvalidOperationException or ObjectDisposedException)
            {
                count = 0;
            }

            lock (_received)
            {
                for (int i = 0; i < count; i++)
                {
                    _received.Enqueue(buffer[i]);
                }

                _ended = count <= 0;
                Monitor.PulseAll(_received);
            }
        }
    }
}
