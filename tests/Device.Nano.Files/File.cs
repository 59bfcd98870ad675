using System.IO;

namespace Flint.Device.Nano;

/// <summary>In the place of <see cref="System.IO.File"/>: what of it the device's classes use.</summary>
internal static class File
{
    /// <summary>As on the device, a question that fails is answered no.</summary>
    public static bool Exists(string path)
    {
        bool exists = false;
        try
        {
            FileSystem files = FileSystem.Of(path);
            files.Call(() => exists = files.Exists(path));
            return exists;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public static void Delete(string path)
    {
        FileSystem files = FileSystem.Of(path);
        files.Call(() => files.Delete(path));
    }
}
