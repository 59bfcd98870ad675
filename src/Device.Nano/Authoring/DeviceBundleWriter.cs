using System;

namespace Flint.Device.Nano;

/// <summary>
/// Writes an image of managed assemblies (docs/spec/device-agent.md section 5), what <see cref="DeviceBundle"/> reads: for the program that makes releases,
/// so it is built for .NET only.
/// </summary>
public static class DeviceBundleWriter
{
    /// <summary>Makes the bytes of the image, which a manifest then names and a key signs.</summary>
    /// <param name="entryType">The full name of the type whose static method <c>Setup(DeviceAgent)</c> starts the application, 1 to 255 bytes of UTF-8.</param>
    /// <param name="assemblies">1 to 255 assemblies as files, none of them empty, in the order in which they are loaded: <c>.pe</c> files for a device.</param>
    /// <exception cref="ArgumentException">A name or a list that the format does not hold.</exception>
    public static byte[] Write(string entryType, params byte[][] assemblies)
    {
        int name = entryType == null ? 0 : Utf8Text.Count(entryType);
        if (name < 1 || name > byte.MaxValue)
        {
            throw new ArgumentException("The entry type has a name of 1 to 255 bytes.", nameof(entryType));
        }

        if (assemblies == null || assemblies.Length == 0 || assemblies.Length > byte.MaxValue)
        {
            throw new ArgumentException("A bundle holds 1 to 255 assemblies.", nameof(assemblies));
        }

        byte[] image = new byte[Length(name, assemblies)];
        int at = Utf8Text.Write(DeviceBundle.Magic, image, 0);
        image[at] = (byte)name;
        at += 1 + Utf8Text.Write(entryType!, image, at + 1);
        image[at] = (byte)assemblies.Length;
        at++;
        for (int i = 0; i < assemblies.Length; i++)
        {
            BigEndian.WriteUInt32(image, at, (uint)assemblies[i].Length);
            Array.Copy(assemblies[i], 0, image, at + 4, assemblies[i].Length);
            at += 4 + assemblies[i].Length;
        }

        return image;
    }

    private static int Length(int name, byte[][] assemblies)
    {
        int length = DeviceBundle.Magic.Length + 1 + name + 1;
        for (int i = 0; i < assemblies.Length; i++)
        {
            if (assemblies[i] == null || assemblies[i].Length == 0)
            {
                throw new ArgumentException("An assembly of a bundle is not empty.", nameof(assemblies));
            }

            length += 4 + assemblies[i].Length;
        }

        return length;
    }
}
