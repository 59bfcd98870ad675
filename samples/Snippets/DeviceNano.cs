extern alias nano;

using System.Security.Cryptography;
using Flint.SecureTunnel;
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

    public static bool Provision(string folder, byte[] id, byte[] psk, string gatewayKey, string releaseKey, byte[] product, byte[] context)
    {
        // <snippet>
        var store = new DeviceStore(folder);    // on this machine; its files are the board's, all of them together in one folder
        bool provisioned = store.Save("id", id)
            && store.Save("psk-mix", TunnelPsk.Mix(new NanoCrypto(), psk))    // of 32 random bytes, the device's own: the gateway's device store has them
            && store.Save("pin", SecureTunnelPin.FromPem(gatewayKey, SecureTunnelKeyUsage.Encryption).ExportKeyBlob())
            && store.Save("context", context)    // the gateway's ApplicationContext
            && store.Save("rng-secret", RandomNumberGenerator.GetBytes(32))
            && store.Save("product", product)    // 16 bytes at most, as the manifests name it
            && store.Save("signer", SecureTunnelPin.FromPem(releaseKey, SecureTunnelKeyUsage.Signing).ExportKeyBlob());
        // </snippet>

        return provisioned;
    }

    public static byte[] Bundle(params byte[][] assemblies)
    {
        // <snippet>
        byte[] image = DeviceBundleWriter.Write("NanoApplication.Application", assemblies);    // its static Setup(DeviceAgent) is called
        // </snippet>

        return image;
    }
}
