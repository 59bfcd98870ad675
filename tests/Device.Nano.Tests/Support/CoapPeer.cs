using System.Globalization;
using System.Text;

namespace Flint.Device.Nano.Tests.Support;

/// <summary>An endpoint with some resources, and the other end as bytes.</summary>
internal sealed class CoapPeer : ICoapHandler
{
    private readonly byte[] _buffer = new byte[600];
    private readonly CoapWriter _writer = new();
    private byte[] _last = [];

    public CoapPeer()
    {
        Endpoint = new CoapEndpoint(this, 512, new byte[400], 50, 300);
        Resources.AddFunction("double", argument => unchecked(2 * int.Parse(argument, CultureInfo.InvariantCulture)));
        Resources.AddVariable("temperature", () => "22.3");
        Resources.AddVariable("broken", () => throw new InvalidOperationException());
        Resources.AddVariable("long", () => new string('x', 40));
        Resources.AddVariable("count", () => Count >= 0 ? Count.ToString(CultureInfo.InvariantCulture) : throw new InvalidOperationException());
    }

    public CoapEndpoint Endpoint { get; }

    public DeviceResources Resources { get; } = new();

    public List<int> Responses { get; } = [];

    public int Count { get; set; }

    public long Now { get; set; }

    public void OnRequest(CoapEndpoint endpoint, CoapReader request) => Resources.Answer(endpoint, request, null, Now);

    public void OnResponse(CoapEndpoint endpoint, int requestId, CoapReader response)
    {
        if (Responses.Count < 4)
        {
            Responses.Add(requestId);
        }
    }

    /// <summary>Bytes from the other end; handled up to the first message that has output.</summary>
    public void Give(byte[] bytes)
    {
        Endpoint.OnReceived(bytes, 0, bytes.Length);
        while (Endpoint.OutputCount == 0 && Endpoint.Next())
        {
        }
    }

    public byte[] Take()
    {
        // Take back the whole message from the endpoint's output.
        byte[] output = OutputOf(Endpoint);
        Endpoint.OnSent();
        return output;
    }

    public CoapReader Read()
    {
        _last = Take();
        var reader = new CoapReader();
        Assert.Equal(CoapReadStatus.Ok, reader.ReadStream(_last, 0, _last.Length, 1152));
        return reader;
    }

    public string Payload(CoapReader reader) => Encoding.UTF8.GetString(_last, reader.PayloadOffset, reader.PayloadLength);

    /// <summary>The value of an option of the message that was read last; <see cref="uint.MaxValue"/> where it is not there.</summary>
    public uint Option(int number)
    {
        var reader = new CoapReader();
        Assert.Equal(CoapReadStatus.Ok, reader.ReadStream(_last, 0, _last.Length, 1152));
        while (reader.NextOption())
        {
            if (reader.OptionNumber == number && reader.TryGetOptionUInt(out uint value))
            {
                return value;
            }
        }

        return uint.MaxValue;
    }

    /// <summary>Sends a request with token 7 and further options, in the order of their numbers, and reads the response.</summary>
    public CoapReader Ask(byte method, string path, string payload, params (int Number, uint Value)[] options) => Ask(method, path, payload, [7], options);

    /// <summary>The same with another token.</summary>
    public CoapReader Ask(byte method, string path, string payload, byte[] token, params (int Number, uint Value)[] options)
    {
        _writer.BeginStream(_buffer, 0, _buffer.Length, method, token, 0, token.Length);
        foreach ((int number, uint value) in options.Where(one => one.Number < CoapOptionNumber.UriPath))
        {
            _writer.WriteOption(number, value);
        }

        foreach (string segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            _writer.WriteOption(CoapOptionNumber.UriPath, segment);
        }

        foreach ((int number, uint value) in options.Where(one => one.Number >= CoapOptionNumber.UriPath))
        {
            _writer.WriteOption(number, value);
        }

        _writer.WritePayload(payload);
        Assert.Equal(CoapWriteStatus.Ok, _writer.Complete());
        Give(_buffer[_writer.Offset..(_writer.Offset + _writer.Length)]);
        CoapReader response = Read();
        Assert.Equal(token, _last[response.TokenOffset..(response.TokenOffset + response.TokenLength)]);
        return response;
    }

    private static byte[] OutputOf(CoapEndpoint endpoint) => endpoint.Output[endpoint.OutputOffset..(endpoint.OutputOffset + endpoint.OutputCount)];
}
