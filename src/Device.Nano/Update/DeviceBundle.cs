using Flint.Ota;

namespace Flint.Device.Nano;

/// <summary>
/// Reads the running image, which holds managed assemblies (docs/spec/device-agent.md section 5), one assembly at a time out of flash into an array of its own,
/// since the runtime runs it in place there.
/// </summary>
/// <remarks>
/// <code>
/// "FNB1" | u8 length, entry type as UTF-8 | u8 count | count times: u32 length, assembly
/// </code>
/// Nothing may follow. The image was verified against its signed manifest before; these checks are for images that were signed by mistake.
/// </remarks>
public class DeviceBundle
{
    private readonly OtaEngine _engine;
    private readonly byte[] _header = new byte[MaxHeader];
    private int _at;
    private int _left;

    internal DeviceBundle(OtaEngine engine)
    {
        _engine = engine;
    }

    /// <summary>The type whose static method Setup starts the application.</summary>
    public string EntryType = "";

    /// <summary>How many assemblies the bundle holds.</summary>
    public int Count;

    /// <summary>Opens the bundle of the engine's running image and walks over it once.</summary>
    /// <returns>Null where the image is none.</returns>
    public static DeviceBundle? Open(OtaEngine engine)
    {
        var bundle = new DeviceBundle(engine);
        return bundle.Walk() ? bundle : null;
    }

    /// <summary>Reads the next assembly.</summary>
    /// <returns>Null behind the last one, or where flash fails.</returns>
    public byte[]? Next()
    {
        if (_left == 0 || !TryRead(_at, _header, 0, 4))
        {
            return null;
        }

        // Walk has seen that it fits.
        byte[] assembly = new byte[(int)BigEndian.ReadUInt32(_header, 0)];
        if (!TryRead(_at + 4, assembly, 0, assembly.Length))
        {
            return null;
        }

        _at += 4 + assembly.Length;
        _left--;
        return assembly;
    }

    /// <summary>The bytes of the image; 0 where nothing runs.</summary>
    internal virtual int ImageLength => _engine.ImageLength(0);

    /// <summary>Reads a range of the image; false beyond the end, or where flash fails.</summary>
    internal virtual bool TryRead(int position, byte[] buffer, int offset, int count) => _engine.TryReadImage(0, position, buffer, offset, count);

    private bool ReadHeader()
    {
        if (ImageLength < 6 || !TryRead(0, _header, 0, 5))
        {
            return false;
        }

        for (int i = 0; i < Magic.Length; i++)
        {
            if (_header[i] != Magic[i])
            {
                return false;
            }
        }

        int name = _header[4];
        if (name == 0 || name > ImageLength - 6 || !TryRead(5, _header, 0, name + 1))
        {
            return false;
        }

        string? entryType = Utf8Text.Read(_header, 0, name);
        EntryType = entryType ?? "";
        Count = _header[name];
        _at = 6 + name;
        return Count > 0 && entryType != null;
    }

    /// <summary>Reads the header and looks at the lengths of all assemblies.</summary>
    internal bool Walk()
    {
        if (!ReadHeader())
        {
            return false;
        }

        int at = _at;
        for (int i = 0; i < Count; i++)
        {
            if (ImageLength - at < 4 || !TryRead(at, _header, 0, 4))
            {
                return false;
            }

            uint length = BigEndian.ReadUInt32(_header, 0);
            if (length == 0 || length > (uint)(ImageLength - at - 4))
            {
                return false;
            }

            at += 4 + (int)length;
        }

        _left = Count;
        return at == ImageLength;
    }

    internal const string Magic = "FNB1";
    private const int MaxHeader = 256;
}
