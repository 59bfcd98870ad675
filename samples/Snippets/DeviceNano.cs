extern alias nano;

using nano::Flint.Device.Nano;

namespace Flint.Snippets;

/// <summary>What src/Device.Nano/README.md shows. The package compiles the OTA device core in, so beside Flint.Ota it needs an alias.</summary>
internal static class DeviceNano
{
    public static void Codec(byte[] token, byte[] reading, byte[] received, int count, Action<int, byte[], int, int> visit)
    {
        // <snippet>
        var writer = new CoapWriter();
        var reader = new CoapReader();
        byte[] buffer = new byte[1152];

        writer.BeginStream(buffer, 0, buffer.Length, CoapCode.Post, token, 0, token.Length);
        writer.WriteOption(CoapOptionNumber.UriPath, "e");
        writer.WriteOption(CoapOptionNumber.UriPath, "temperature");
        writer.WritePayload(reading, 0, reading.Length);
        CoapWriteStatus written = writer.Complete();    // the message is buffer[writer.Offset .. writer.Offset + writer.Length]

        CoapReadStatus status = reader.ReadStream(received, 0, count, buffer.Length);
        while (status == CoapReadStatus.Ok && reader.NextOption())
        {
            visit(reader.OptionNumber, received, reader.OptionOffset, reader.OptionLength);
        }
        // </snippet>

        if (written != CoapWriteStatus.Ok)
        {
            visit(0, buffer, writer.Offset, writer.Length);
        }
    }
}
