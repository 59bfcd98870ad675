namespace Flint.Ota;

/// <summary>What the device is, and the sizes of its buffers.</summary>
public sealed class OtaOptions
{
    /// <summary>Options for a device of the given product, revision 0, chunks and buffer of 1 KiB.</summary>
    /// <param name="product">1 to 16 bytes; a manifest for another product is refused.</param>
    public OtaOptions(byte[] product)
    {
        Product = product;
        Device = new byte[0];
        ChunkLength = 1024;
        BufferLength = 1024;
        Window = 8;
    }

    /// <summary>The product, 1 to 16 bytes.</summary>
    public readonly byte[] Product;

    /// <summary>The device's own name, at most 32 bytes; a manifest for one device is refused by every other.</summary>
    public byte[] Device;

    /// <summary>The revision of the hardware; a manifest says which it is for.</summary>
    public int HardwareRevision;

    /// <summary>Bytes of image in a chunk: 256 to 4096, a multiple of the write unit.</summary>
    public int ChunkLength;

    /// <summary>Bytes that are read from flash at once, at least 512 and a multiple of the write unit. It is RAM.</summary>
    public int BufferLength;

    /// <summary>Requests in flight, 1 to 31.</summary>
    public int Window;

    /// <summary>Whether <see cref="OtaEngine.Start"/> checks the manifest's signature of the bank it chooses, not only its digest.</summary>
    public bool VerifySignatureAtBoot;
}
