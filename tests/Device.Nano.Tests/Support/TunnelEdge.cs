namespace Flint.Device.Nano.Tests.Support;

/// <summary>The blocking loop at the edge of a device's tunnel.</summary>
internal sealed class TunnelEdge(DeviceTunnel tunnel, Stream stream)
{
    private readonly Queue<byte> _received = new();

    public TunnelEvent Connect()
    {
        tunnel.Begin(null);
        return Next();
    }

    /// <summary>Writes what there is, reads, up to the next event.</summary>
    public TunnelEvent Next()
    {
        while (true)
        {
            Flush();
            if (tunnel.InputWanted == 0)
            {
                return tunnel.OnEndOfStream();
            }

            int count = stream.Read(tunnel.Input, tunnel.InputOffset, tunnel.InputWanted);
            TunnelEvent happened = count == 0 ? tunnel.OnEndOfStream() : tunnel.OnReceived(count, 0);
            if (happened != TunnelEvent.None)
            {
                Flush();
                return happened;
            }
        }
    }

    public void Send(byte[] content)
    {
        for (int at = 0; at < content.Length;)
        {
            if (tunnel.Maintain(0))
            {
                Flush();
            }

            int count = Math.Min(tunnel.MaxContent, content.Length - at);
            content.AsSpan(at, count).CopyTo(tunnel.Output.AsSpan(DeviceTunnel.ContentOffset));
            tunnel.SealData(DeviceTunnel.ContentOffset, count, 0);
            Flush();
            at += count;
        }
    }

    public byte[] Receive(int length)
    {
        while (_received.Count < length)
        {
            Assert.Equal(TunnelEvent.Data, Next());
            foreach (byte b in tunnel.Data())
            {
                _received.Enqueue(b);
            }
        }

        return [.. Enumerable.Range(0, length).Select(_ => _received.Dequeue())];
    }

    public void Close()
    {
        Assert.True(tunnel.Close());
        Flush();
    }

    private void Flush()
    {
        if (tunnel.OutputCount > 0)
        {
            stream.Write(tunnel.Output, tunnel.OutputOffset, tunnel.OutputCount);
            tunnel.OnSent();
        }
    }
}
