namespace Flint.Ota;

/// <summary>A run of whole erase blocks.</summary>
public sealed class OtaRegion
{
    /// <summary>A run of <paramref name="blockCount"/> erase blocks from <paramref name="firstBlock"/> on.</summary>
    public OtaRegion(int firstBlock, int blockCount)
    {
        FirstBlock = firstBlock;
        BlockCount = blockCount;
    }

    /// <summary>A region that is not there.</summary>
    public static readonly OtaRegion None = new OtaRegion(0, 0);

    /// <summary>The first erase block.</summary>
    public readonly int FirstBlock;

    /// <summary>How many erase blocks; 0 where the region is not there.</summary>
    public readonly int BlockCount;

    /// <summary>The address of the first byte.</summary>
    public int Start(OtaFlash flash)
    {
        return flash.BlockStart(FirstBlock);
    }

    /// <summary>The bytes of the region.</summary>
    public int Length(OtaFlash flash)
    {
        if (BlockCount == 0)
        {
            return 0;
        }

        int last = FirstBlock + BlockCount - 1;
        return flash.BlockStart(last) + flash.BlockLength(last) - flash.BlockStart(FirstBlock);
    }
}
