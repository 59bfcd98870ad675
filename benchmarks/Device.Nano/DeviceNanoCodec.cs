extern alias nano;

using Flint.Coap;
using Nano = nano::Flint.Device.Nano;

namespace Flint.Benchmarks.DeviceNano;

/// <summary>One decode and one encode, by the device's codec and by the server's.</summary>
internal sealed class DeviceNanoCodec
{
    private readonly byte[] _buffer = new byte[2048];
    private readonly Nano.CoapReader _reader = new();
    private readonly Nano.CoapDatagram _datagram = new();
    private readonly Nano.CoapWriter _writer = new();

    public int Decode(byte[] bytes)
    {
        Nano.CoapReadStatus status = _datagram.Read(_reader, bytes, 0, bytes.Length);
        int sum = (int)status + _reader.PayloadLength;
        while (_reader.NextOption())
        {
            sum += _reader.OptionNumber + _reader.OptionLength;
        }

        return sum;
    }

    public static int DecodePeer(byte[] bytes)
    {
        CoapReadStatus status = CoapMessageReader.TryRead(bytes, out CoapMessageReader message);
        int sum = (int)status + message.Payload.Length;
        foreach (CoapOption option in message.Options)
        {
            sum += (int)option.Number + option.Value.Length;
        }

        return sum;
    }

    public int Encode(DeviceNanoMessage message)
    {
        Nano.CoapDatagram.Begin(_writer, _buffer, 0, _buffer.Length, (Nano.CoapType)message.Type, message.Code, message.MessageId, message.Token, 0, message.Token.Length);
        foreach ((int number, byte[] value) in message.Options)
        {
            _writer.WriteOption(number, value, 0, value.Length);
        }

        _writer.WritePayload(message.Payload, 0, message.Payload.Length);
        _writer.Complete();
        return _writer.Length;
    }

    public int EncodePeer(DeviceNanoMessage message)
    {
        var writer = new CoapMessageWriter(_buffer);
        writer.WriteHeader((CoapType)message.Type, (CoapCode)message.Code, (ushort)message.MessageId, message.Token);
        foreach ((int number, byte[] value) in message.Options)
        {
            writer.WriteOption((CoapOptionNumber)number, value);
        }

        writer.WritePayload(message.Payload);
        writer.TryComplete(out int length);
        return length;
    }

    /// <summary>What is timed is right: both decoders see the same, both encoders give the vector's bytes.</summary>
    public void Check(DeviceNanoMessage message)
    {
        bool right = Decode(message.Bytes) == DecodePeer(message.Bytes)
            && Encode(message) == message.Bytes.Length && _buffer.AsSpan(0, message.Bytes.Length).SequenceEqual(message.Bytes)
            && EncodePeer(message) == message.Bytes.Length && _buffer.AsSpan(0, message.Bytes.Length).SequenceEqual(message.Bytes);
        if (!right)
        {
            throw new InvalidOperationException($"The codecs disagree on {message.Name}.");
        }
    }
}
