namespace Flint.Device.Nano;

/// <summary>
/// Reads an image that holds managed assemblies (docs/spec/device-agent.md section 5), one assembly at a time out of flash into an array of its own,
/// since the runtime runs it in place there.
/// </summary>
/// <remarks>
/// <code>
/// "FNB1" | u8 length, entry type as UTF-8 | u8 count | count times: u32 length, assembly
/// </code>
/// Nothing may follow. The image was verified against its signed manifest before; these checks are for images that were signed by mistake.
/// </remarks>
public sealed class DeviceBundle
{
    private readonly IDeviceImage _image;
    private readonly byte[] _header = new byte[MaxHeader];
    private int _at;
    private int _left;

    private DeviceBundle(IDeviceImage image)
    {
        _image = image;
    }

    /// <summary>The type whose static method Setup starts the application.</summary>
    public string EntryType = "";

    /// <summary>How many assemblies the bundle holds.</summary>
    public int Count;

    /// <summary>Opens the bundle and walks over it once.</summary>
    /// <returns>Null where the image is none.</returns>
    public static DeviceBundle? Open(IDeviceImage image)
    {
        var bundle = new DeviceBundle(image);
        return image != null && bundle.ReadHeader() && bundle.Walk() ? bundle : null;
    }

    /// <summary>Reads the next assembly.</summary>
    /// <returns>Null behind the last one, or where flash fails.</returns>
    public byte[]? Next()
    {
        if (_left == 0 || !_image.TryRead(_at, _header, 0, 4))
        {
            return null;
        }

        // Walk has seen that it fits.
        byte[] assembly = new byte[(int)BigEndian.ReadUInt32(_header, 0)];
        if (!_image.TryRead(_at + 4, assembly, 0, assembly.Length))
        {
            return null;
        }

        _at += 4 + assembly.Length;
        _left--;
        return assembly;
    }

    private bool ReadHeader()
    {
        if (_image.Length < 6 || !_image.TryRead(0, _header, 0, 5))
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
        if (name == 0 || name > _image.Length - 6 || !_image.TryRead(5, _header, 0, name + 1))
        {
            return false;
        }

        string? entryType = Utf8Text.Read(_header, 0, name);
        EntryType = entryType ?? "";
        Count = _header[name];
        _at = 6 + name;
        return Count > 0 && entryType != null;
    }

    private bool Walk()
    {
        int at = _at;
        for (int i = 0; i < Count; i++)
        {
            if (_image.Length - at < 4 || !_image.TryRead(at, _header, 0, 4))
            {
                return false;
            }

            uint length = BigEndian.ReadUInt32(_header, 0);
            if (length == 0 || length > (uint)(_image.Length - at - 4))
            {
                return false;
            }

            at += 4 + (int)length;
        }

        _left = Count;
        return at == _image.Length;
    }

    private const string Magic = "FNB1";
    private const int MaxHeader = 256;
}
