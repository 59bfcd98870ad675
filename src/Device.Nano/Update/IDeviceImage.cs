namespace Flint.Device.Nano;

/// <summary>The image of a component as the loader reads it.</summary>
public interface IDeviceImage
{
    /// <summary>Its length in bytes.</summary>
    int Length { get; }

    /// <summary>Reads a range; false beyond the end, or where flash fails.</summary>
    bool TryRead(int position, byte[] buffer, int offset, int count);
}
