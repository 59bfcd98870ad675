namespace Flint.Ota;

/// <summary>
/// Where one bank lies: a copy of its manifest, then for each component a block table and an image. The components of a bank are
/// installed, tried, confirmed and rolled back as one set.
/// </summary>
/// <remarks>docs/spec/ota.md section 3.</remarks>
public sealed class OtaBankLayout
{
    /// <summary>A bank of one component.</summary>
    public OtaBankLayout(OtaRegion manifest, OtaRegion table, OtaRegion image)
        : this(manifest, new OtaRegion[] { table }, new OtaRegion[] { image })
    {
    }

    /// <summary>A bank of several components; <paramref name="tables"/> and <paramref name="images"/> stand in the order of the manifest.</summary>
    public OtaBankLayout(OtaRegion manifest, OtaRegion[] tables, OtaRegion[] images)
    {
        Manifest = manifest;
        Tables = tables;
        Images = images;
    }

    /// <summary>A bank that is not there.</summary>
    public static readonly OtaBankLayout None = new OtaBankLayout(OtaRegion.None, new OtaRegion[0], new OtaRegion[0]);

    /// <summary>Holds the bank's manifest.</summary>
    public readonly OtaRegion Manifest;

    internal readonly OtaRegion[] Tables;

    internal readonly OtaRegion[] Images;

    /// <summary>How many components the bank holds; 0 where the bank is not there.</summary>
    public int ComponentCount
    {
        get { return Images.Length; }
    }

    /// <summary>Holds the block table of component <paramref name="index"/>.</summary>
    public OtaRegion Table(int index)
    {
        return Tables[index];
    }

    /// <summary>Holds the image of component <paramref name="index"/>, from its first byte on, so that it can run in place.</summary>
    public OtaRegion Image(int index)
    {
        return Images[index];
    }
}
