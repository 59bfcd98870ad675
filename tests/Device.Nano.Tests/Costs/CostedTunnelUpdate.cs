extern alias ota;

using System.Globalization;
using System.Text;
using Flint.Coap;
using Flint.Device.Nano.Tests.Support;
using Flint.Ota;

namespace Flint.Device.Nano.Tests.Costs;

/// <summary>A whole agent that updates itself through the tunnel: the offer and 48 KiB in chunks, as it asks for them, from a gateway in memory.</summary>
internal sealed class CostedTunnelUpdate : IDisposable
{
    private const int RecordRoom = 511;
    private readonly CostedUpdate _update = new();
    private readonly CostedDevice _device;
    private int _served;

    public CostedTunnelUpdate()
        : this(new CostedDevice())
    {
    }

    public CostedTunnelUpdate(CostedDevice device)
    {
        _device = device;
        _device.Agent.UseUpdates(_update.Engine, new NanoBoot(), null);
    }

    public bool IsArmed => _update.Engine.State == OtaState.Armed;

    public CostedUpdate Update => _update;

    /// <summary>All that the device keeps.</summary>
    public int Kept => DeviceHeap.Measure(_device.Agent);

    public int WireBytes => _device.Board.BytesRead + _device.Board.BytesWritten;

    public void Connect() => _device.Connect();

    public void Cut()
    {
        _device.Cut();
        _served = _device.Board.Received.Count;
    }

    public void Call() => _device.Call();

    /// <summary>Answers what the device has asked for, and lets it have one turn.</summary>
    public void Turn()
    {
        byte[] received = [.. _device.Board.Received.Skip(_served)];
        _served += received.Length;
        for (int at = 0, length; at < received.Length; at += length)
        {
            Assert.Equal(Flint.Coap.CoapReadStatus.Ok, CoapTcpMessageReader.TryRead(received.AsSpan(at), new CoapTcpLimits(1152, 8), out CoapTcpMessageReader message, out length));
            if (message.Code == Flint.Coap.CoapCode.Get)
            {
                Answer(message);
            }
        }

        _device.Idle();
    }

    public void Whole()
    {
        while (!IsArmed)
        {
            Turn();
        }
    }

    public void Dispose() => _update.Dispose();

    private void Answer(CoapTcpMessageReader request)
    {
        var path = new List<byte[]>();
        var query = new List<string>();
        foreach (CoapOption option in request.Options)
        {
            if (option.Number == Flint.Coap.CoapOptionNumber.UriPath)
            {
                path.Add(option.Value.ToArray());
            }
            else if (option.Number == Flint.Coap.CoapOptionNumber.UriQuery)
            {
                query.Add(Encoding.ASCII.GetString(option.Value));
            }
        }

        byte[] payload = _update.Release.Envelope.ToArray();
        if (path.Count == 2)
        {
            int offset = int.Parse(query[0].AsSpan(2), CultureInfo.InvariantCulture);
            int length = int.Parse(query[1].AsSpan(2), CultureInfo.InvariantCulture);
            payload = new byte[length + 10];
            Assert.True(ota::Flint.Ota.OtaChunk.TryWrite(_update.Release, Convert.FromHexString(Encoding.ASCII.GetString(path[1])), offset, length, payload, out int written));
            payload = payload[..written];
        }

        // 2.05 with a token and no option (RFC 8323 section 3.2); an image's last chunk, and a table of 192 bytes, are short.
        int count = payload.Length + 1;
        byte[] head = count >= 269 ? [0xE4, (byte)((count - 269) >> 8), unchecked((byte)(count - 269))] : [0xD4, (byte)(count - 13)];
        byte[] response = [.. head, 0x45, .. request.Token, 0xFF, .. payload];
        for (int at = 0; at < response.Length; at += RecordRoom)
        {
            _device.Board.Send(response[at..Math.Min(at + RecordRoom, response.Length)]);
        }
    }
}
