using System.Text;

namespace Flint.Device.Nano.Tests.Support;

/// <summary>Reads the events that a device has said out of its CoAP bytes.</summary>
internal static class DeviceEvents
{
    /// <summary>Each POST below /e, as "name=payload", in order.</summary>
    public static List<string> Read(IEnumerable<byte> coap)
    {
        byte[] bytes = [.. coap];
        var events = new List<string>();
        var reader = new CoapReader();
        for (int at = 0; at < bytes.Length; at += reader.Consumed)
        {
            Assert.Equal(CoapReadStatus.Ok, reader.ReadStream(bytes, at, bytes.Length - at, bytes.Length));
            var path = new List<string>();
            while (reader.NextOption())
            {
                if (reader.OptionNumber == CoapOptionNumber.UriPath)
                {
                    path.Add(Encoding.UTF8.GetString(bytes, reader.OptionOffset, reader.OptionLength));
                }
            }

            if (reader.Code == CoapCode.Post && path is ["e", ..])
            {
                events.Add($"{string.Join('/', path.Skip(1))}={Encoding.UTF8.GetString(bytes, reader.PayloadOffset, reader.PayloadLength)}");
            }
        }

        return events;
    }
}
