namespace Flint.Ota;

/// <summary>How far the download is. Only bytes that stand verified in flash count.</summary>
public sealed class OtaProgress
{
    internal OtaProgress()
    {
    }

    /// <summary>The bytes of all images of the manifest.</summary>
    public int TotalBytes;

    /// <summary>Image bytes that were checked against the block table, on flash.</summary>
    public int VerifiedBytes;

    /// <summary>Of these, the bytes that an earlier power session had fetched and that were not fetched again.</summary>
    public int ResumedBytes;

    /// <summary>Payload bytes that were accepted since start, tables and repeated blocks included.</summary>
    public int FetchedBytes;
}
