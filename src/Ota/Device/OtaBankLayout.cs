namespace Flint.Ota;

/// <summary>
/// Where one bank lies: a copy of its manifest, then for each component a block table and an image. The components of a bank are
/// installed, tried, confirmed and rolled back as one set.
/// </summary>
/// <remarks>docs/spec/ota.md section 3.</remarks>
public sealed class OtaBankLayout
{
    private readonly OtaRegion[] _tables;
    private readonly OtaRegion[] _images;

    /// <summary>A bank of one component.</summary>
    public OtaBankLayout(OtaRegion manifest, OtaRegion table, OtaRegion image)
        : this(manifest, new OtaRegion[] { table }, new OtaRegion[] { image })
    {
    }

    /// <summary>A bank of several components; <paramref name="tables"/> and <paramref name="images"/> stand in the order of the manifest.</summary>
    public OtaBankLayout(OtaRegion manifest, OtaRegion[] tables, OtaRegion[] images)
    {
        Manifest = manifest;
        _tables = tables;
        _images = images;
    }

    /// <summary>A bank that is not there.</summary>
    public static OtaBankLayout None { get; } = new OtaBankLayout(OtaRegion.None, new OtaRegion[0], new OtaRegion[0]);

    /// <summary>Holds the bank's manifest.</summary>
    public OtaRegion Manifest { get; }

    /// <summary>How many components the bank holds; 0 where the bank is not there.</summary>
    public int ComponentCount
    {
        get { return _images.Length; }
    }

    /// <summary>Manifest and tables of this bank, with images elsewhere.</summary>
    internal OtaBankLayout With(OtaRegion[] images)
    {
        return new OtaBankLayout(Manifest, _tables, images);
    }

    /// <summary>Manifest and tables of this bank, with images where another has them.</summary>
    internal OtaBankLayout With(OtaBankLayout other)
    {
        return new OtaBankLayout(Manifest, _tables, other._images);
    }

    internal int TableCount
    {
        get { return _tables.Length; }
    }

    /// <summary>Holds the block table of component <paramref name="index"/>.</summary>
    public OtaRegion Table(int index)
    {
        return _tables[index];
    }

    /// <summary>Holds the image of component <paramref name="index"/>, from its first byte on, so that it can run in place.</summary>
    public OtaRegion Image(int index)
    {
        return _images[index];
    }
}
