using System;

namespace Flint.Ota;

/// <summary>
/// Fetches the block tables and then the images of one manifest into one bank, segment by segment. A segment is the shortest run of erase
/// blocks that ends where a block of the table ends, and is what is erased, verified, marked and, after a power cut, fetched again.
/// </summary>
/// <remarks>docs/spec/ota.md sections 7.1 to 7.4.</remarks>
internal sealed class OtaDownload
{
    /// <summary>How often a segment or a table may come wrong before the download is given up.</summary>
    public const int MaxFailures = 3;

    /// <summary>How many chunks in a row may come damaged before another size and another source are tried.</summary>
    public const int MaxCorrupt = 8;

    private const int MinChunkLength = 256;

    private readonly OtaFlash _flash;
    private readonly OtaTrust _trust;
    private readonly OtaBankStore _store;
    private readonly OtaJournal _journal;
    private readonly OtaOptions _options;
    private readonly byte[] _name;
    private OtaBankLayout _bank;
    private OtaManifest _manifest;
    private uint _nameChecksum;

    // The segment under way.
    private int _component;
    private bool _isTable;
    private int _index;
    private int _offset;
    private int _length;
    private int _firstBlock;
    private int _blockCount;
    private bool _isErased;
    private int _failures;
    private int _tableFailures;
    private int _corrupt;
    private int _chunkLength;

    // One bit per chunk of the segment from the window's first chunk on.
    private int _windowStart;
    private uint _received;
    private uint _requested;

    public OtaDownload(OtaFlash flash, OtaTrust trust, OtaBankStore store, OtaJournal journal, OtaOptions options, OtaManifest manifest)
    {
        _flash = flash;
        _trust = trust;
        _store = store;
        _journal = journal;
        _options = options;
        _manifest = manifest;
        _bank = OtaBankLayout.None;
        _name = new byte[OtaTrust.DigestLength];
        Progress = new OtaProgress();
    }

    public readonly OtaProgress Progress;

    public bool IsComplete;

    /// <summary>Why the download was given up; <see cref="OtaReason.None"/> while it was not.</summary>
    public OtaReason Failure;

    /// <summary>
    /// Begins, or goes on where the journal says. <paramref name="done"/> segments are taken as done once their tables and blocks verify;
    /// those below <paramref name="keepable"/> are kept where they verify, except for the first that is not done.
    /// </summary>
    public bool Begin(OtaManifest manifest, OtaBankLayout bank, int bankNumber, byte[] digest, int done, int keepable)
    {
        _manifest = manifest;
        _bank = bank;
        Failure = OtaReason.None;
        IsComplete = false;
        _failures = 0;
        _tableFailures = 0;
        Progress.TotalBytes = 0;
        Progress.VerifiedBytes = 0;
        Progress.ResumedBytes = 0;
        for (int i = 0; i < manifest.ComponentCount; i++)
        {
            Progress.TotalBytes += manifest.Component(i).Size;
        }

        // [OTA-031] Marks are hints.
        SelectFirst();
        while (!IsComplete && _index < done && VerifyDone())
        {
            Keep();
            Next();
        }

        // Where something was done but does not verify, what follows it up to `done` may still be good; what lay beyond is not looked for.
        int kept = _index < done ? done : OtaBytes.Max(done, keepable);
        if (!IsComplete && _isTable && _index < done)
        {
            SelectTable(_component);
        }

        return _journal.Begin(digest, bankNumber, _index, kept, CountTableSegments(manifest, bank), manifest.Component(0).BlockSize);
    }

    /// <summary>The number of segments that the block tables of a manifest take in a bank.</summary>
    public int CountTableSegments(OtaManifest manifest, OtaBankLayout bank)
    {
        int segments = 0;
        for (int i = 0; i < manifest.ComponentCount; i++)
        {
            segments += CountSegments(bank.Table(i), manifest.Component(i).TableLength);
        }

        return segments;
    }

    /// <summary>Gives a range that is wanted and not yet asked for.</summary>
    public bool TryGetRequest(OtaRequest request)
    {
        for (int bit = 0; bit < _options.Window && !IsComplete; bit++)
        {
            int offset = _windowStart + (bit * _chunkLength);
            if (offset >= _length)
            {
                return false;
            }

            if ((((_requested | _received) >> bit) & 1) == 0)
            {
                _requested |= 1u << bit;
                Array.Copy(_name, 0, request.Artifact, 0, OtaRequest.ArtifactLength);
                request.Offset = _offset + offset;
                request.Length = ChunkLengthAt(offset);
                request.Component = _component;
                request.IsTable = _isTable;
                request.Source = _failures + _tableFailures;
                return true;
            }
        }

        return false;
    }

    /// <summary>Forgets what was asked for and has not come.</summary>
    public void ForgetRequests()
    {
        // A driver that threw when the last chunk was in left a segment that nobody looked at: it is asked for again.
        if (_windowStart >= _length)
        {
            ResetWindow();
        }

        _requested = 0;
    }

    /// <summary>Takes a frame; writes nothing before everything about it was checked.</summary>
    public OtaStatus OnChunk(byte[] frame, int start, int count)
    {
        int dataLength;
        int artifactOffset;
        OtaStatus status = OtaChunkFrame.TryRead(frame, start, count, out artifactOffset, out dataLength);
        if (status != OtaStatus.Ok)
        {
            return status;
        }

        // [OTA-071] Bounds first, then the checksum, which binds the bytes to the artifact and the place.
        if (artifactOffset >= ArtifactLength())
        {
            return OtaStatus.ChunkOutOfRange;
        }

        if (!OtaChunkFrame.Verify(_trust, _nameChecksum, frame, start, dataLength))
        {
            _corrupt++;
            return _corrupt < MaxCorrupt ? OtaStatus.ChunkCorrupt : Repeat(OtaReason.TransferCorrupt);
        }

        _corrupt = 0;

        int offset = artifactOffset - _offset;
        // [OTA-072] What came before counts for nothing.
        if (offset < _windowStart)
        {
            return OtaStatus.ChunkDuplicate;
        }

        int place = (offset - _windowStart) / _chunkLength;
        if (offset >= _length || place >= _options.Window)
        {
            return OtaStatus.ChunkNotRequested;
        }

        if ((offset - _windowStart) % _chunkLength != 0 || dataLength != ChunkLengthAt(offset))
        {
            return OtaStatus.ChunkMalformed;
        }

        return ((_received >> place) & 1) != 0
            ? OtaStatus.ChunkDuplicate
            : Store(frame, start + OtaChunkFrame.HeaderLength, dataLength, offset, place);
    }

    private OtaStatus Store(byte[] frame, int start, int count, int offset, int place)
    {
        if (!_isErased && !EraseSegment())
        {
            return GiveUp(OtaReason.FlashWorn);
        }

        int address = _flash.BlockStart(_firstBlock) + offset;
        if (!_store.Program(address, frame, start, count))
        {
            return Repeat(OtaReason.FlashWorn);
        }

        // A second try looks at every chunk, so that worn flash and wrong data are told apart.
        if (_failures > 0 && !_store.Holds(address, frame, start, count))
        {
            return Repeat(OtaReason.FlashWorn);
        }

        Progress.FetchedBytes = unchecked(Progress.FetchedBytes + count);
        _received |= 1u << place;
        _requested &= ~(1u << place);
        while ((_received & 1) != 0)
        {
            _received >>= 1;
            _requested >>= 1;
            _windowStart += _chunkLength;
        }

        return _windowStart >= _length ? CompleteSegment() : OtaStatus.Ok;
    }

    // [OTA-073] What is marked was read back from flash and held against the table, or, at the end of a table, against the digest.
    private OtaStatus CompleteSegment()
    {
        if (!_isTable && !_store.VerifyBlocks(_bank, _component, _manifest.Component(_component), _offset, _length))
        {
            return Repeat(OtaReason.ImageMismatch);
        }

        if (_isTable && _offset + _length == ArtifactLength() && !_store.VerifyTable(_bank, _component, _manifest))
        {
            return RepeatTable();
        }

        // Part of a table proves nothing: what counts against the table goes on counting until the whole of it is right.
        _failures = 0;
        _tableFailures = _offset + _length == ArtifactLength() ? 0 : _tableFailures;
        _journal.Mark();
        Progress.VerifiedBytes += _isTable ? 0 : _length;
        Next();
        SkipKept();
        return OtaStatus.Ok;
    }

    // Passes over segments that stand in the bank from an earlier download and verify.
    private void SkipKept()
    {
        while (!IsComplete && !_isTable && _index < _journal.Keepable && VerifyDone())
        {
            Keep();
            _journal.Mark();
            Next();
        }
    }

    private void Keep()
    {
        Progress.VerifiedBytes += _isTable ? 0 : _length;
        Progress.ResumedBytes += _isTable ? 0 : _length;
    }

    private bool VerifyDone()
    {
        if (_isTable)
        {
            return _offset + _length < ArtifactLength() || _store.VerifyTable(_bank, _component, _manifest);
        }

        return _store.VerifyBlocks(_bank, _component, _manifest.Component(_component), _offset, _length);
    }

    // [OTA-074] A segment that came wrong is erased and fetched again, a bounded number of times.
    private OtaStatus Repeat(OtaReason reason)
    {
        _failures++;
        if (_failures >= MaxFailures)
        {
            return GiveUp(reason);
        }

        ResetWindow();
        return OtaStatus.BlockMismatch;
    }

    // Which part of a table is wrong cannot be told: the whole of it is fetched again, under a journal that starts over.
    private OtaStatus RepeatTable()
    {
        _tableFailures++;
        if (_tableFailures >= MaxFailures)
        {
            return GiveUp(OtaReason.TableMismatch);
        }

        SelectTable(_component);
        bool begun = _journal.Begin(_journal.Digest, _journal.Bank, _index, _journal.Keepable, _journal.TableSegments, _journal.BlockSize);
        return begun ? OtaStatus.BlockMismatch : GiveUp(OtaReason.FlashWorn);
    }

    private OtaStatus GiveUp(OtaReason reason)
    {
        Failure = reason;
        return OtaStatus.DownloadFailed;
    }

    // [OTA-001] In this session, whatever the blocks read as.
    private bool EraseSegment()
    {
        for (int i = 0; i < _blockCount; i++)
        {
            // One repeat: an erase that fails twice is a worn block.
            if (!_flash.EraseBlock(_firstBlock + i) && !_flash.EraseBlock(_firstBlock + i))
            {
                return false;
            }
        }

        _isErased = true;
        return true;
    }

    private void SelectFirst()
    {
        _index = 0;
        _component = 0;
        _isTable = true;
        SelectSegment(0);
    }

    private void SelectTable(int component)
    {
        SelectFirst();
        while (_component != component)
        {
            Next();
        }
    }

    private void Next()
    {
        _index++;
        if (_offset + _length < ArtifactLength())
        {
            SelectSegment(_offset + _length);
            return;
        }

        _component++;
        if (_component == _manifest.ComponentCount)
        {
            _component = 0;
            IsComplete = !_isTable;
            _isTable = false;
        }

        SelectSegment(0);
    }

    private void SelectSegment(int offset)
    {
        OtaRegion region = _isTable ? _bank.Table(_component) : _bank.Image(_component);
        int granule = _isTable ? 1 : _manifest.Component(_component).BlockSize;
        int total = ArtifactLength();
        _firstBlock = offset == 0 ? region.FirstBlock : _firstBlock + _blockCount;
        _offset = offset;
        _blockCount = CountBlocks(_firstBlock, offset, total, granule, out _length);
        ResetWindow();
        NameArtifact();
    }

    private int CountSegments(OtaRegion region, int total)
    {
        int segments = 0;
        int block = region.FirstBlock;
        for (int offset = 0; offset < total; segments++)
        {
            int length;
            block += CountBlocks(block, offset, total, 1, out length);
            offset += length;
        }

        return segments;
    }

    // Erase blocks from `block` on, until they end where a granule ends or the artifact does.
    private int CountBlocks(int block, int offset, int total, int granule, out int length)
    {
        int blocks = 0;
        int end = offset;
        do
        {
            end += _flash.BlockLength(block + blocks);
            blocks++;
        }
        while (end < total && end % granule != 0);

        length = OtaBytes.Min(end, total) - offset;
        return blocks;
    }

    // [OTA-075] What came wrong may have been damaged by its size, or by who sent it: the next try has half of the size, and another source.
    private void ResetWindow()
    {
        _chunkLength = _options.ChunkLength;
        for (int i = 0; i < _failures + _tableFailures; i++)
        {
            int half = _chunkLength / 2;
            _chunkLength = half >= MinChunkLength && half % _flash.WriteUnit == 0 ? half : _chunkLength;
        }

        _corrupt = 0;
        _windowStart = 0;
        _received = 0;
        _requested = 0;
        _isErased = false;
    }

    // Section 7.1: a table's name is the first bytes of its digest; an image's name is the same with the last bit of the first byte turned.
    private void NameArtifact()
    {
        OtaManifestComponent component = _manifest.Component(_component);
        Array.Copy(_manifest.Buffer, component.DigestOffset, _name, 0, OtaRequest.ArtifactLength);
        if (!_isTable)
        {
            _name[0] ^= 1;
        }

        _nameChecksum = OtaChunkFrame.NameChecksum(_trust, _name);
    }

    private int ArtifactLength()
    {
        OtaManifestComponent component = _manifest.Component(_component);
        return _isTable ? component.TableLength : component.Size;
    }

    private int ChunkLengthAt(int offset)
    {
        return OtaBytes.Min(_chunkLength, _length - offset);
    }
}
