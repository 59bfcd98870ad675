namespace Flint.Ota;

/// <summary>
/// For parts that run from one place only: moves the images of two banks through that place and a store, slot by slot, so that power may go
/// at any operation.
/// </summary>
/// <remarks>
/// docs/spec/ota.md section 6.2. Store and running place of a component form a chain, store 0, run 0, store 1, run 1, ..., store n, of which one
/// place is free. A step erases the free place and copies its neighbour into it; then the neighbour is the free one. So nothing is erased
/// of which there is no verified copy, each block is erased once a move, and there is no scratch block to wear out.
/// The journal of a move, big-endian, padded to the write unit; then one unit a step, the complement of the erased value once it is done.
/// <code>
///   0  magic "FOW1"     4  session (2)     6  zero (2)     8  position     12  CRC-32C of bytes 0 to 11
/// </code>
/// </remarks>
internal sealed class OtaSwap : OtaPlacement
{
    public const int HeaderLength = 16;

    private const uint Magic = 0x464F5731;
    private const int Attempts = 2;

    private readonly OtaFlash _flash;
    private readonly OtaTrust _trust;
    private readonly OtaBoardLayout _layout;
    private readonly byte[] _io;
    private readonly byte[] _header;
    private readonly byte[] _unit;

    // Bank 0 and bank 1 while bank 0 stands where it runs, then while bank 1 does.
    private readonly OtaBankLayout[] _places;
    private readonly int _steps;
    private int _marks;

    public OtaSwap(OtaFlash flash, OtaTrust trust, OtaBoardLayout layout, byte[] io)
        : base(layout)
    {
        _flash = flash;
        _trust = trust;
        _layout = layout;
        _io = io;
        _header = new byte[OtaBytes.RoundUp(HeaderLength, flash.WriteUnit)];
        _unit = new byte[flash.WriteUnit];
        _places = new OtaBankLayout[] { layout.Bank(0), layout.Bank(1), layout.Bank(0), layout.Bank(1) };
        _steps = CountSteps(flash, layout);
        _places[1] = Stored(1, 1);
        _places[2] = Stored(0, 0);
        _places[3] = With(layout.Bank(1), layout.Bank(0).Images);
    }

    /// <summary>The steps of a whole move: two for each slot of the running place.</summary>
    public static int CountSteps(OtaFlash flash, OtaBoardLayout layout)
    {
        int steps = 0;
        for (int i = 0; i < layout.Bank(0).ComponentCount; i++)
        {
            steps += layout.Bank(0).Image(i).Length(flash) / layout.SlotLength * 2;
        }

        return steps;
    }

    /// <inheritdoc/>
    public override OtaBankLayout Bank(int bank, int placed)
    {
        return bank == OtaLayout.FactoryBank ? base.Bank(bank, placed) : _places[(placed * 2) + bank];
    }

    /// <inheritdoc/>
    public override bool IsUnderWay(OtaStateRecord record)
    {
        return record.Position != End(record.Placed);
    }

    /// <inheritdoc/>
    public override void Absorb(OtaStateRecord record)
    {
        // [OTA-097] Steps that are done twice, or left out, lose a slot: what says how many were done is looked at twice.
        if (ReadHeader(record) || ReadHeader(record))
        {
            int marks = OtaBytes.Min(CountMarks(), record.Placed == 1 ? _steps - record.Position : record.Position);
            record.Position += record.Placed == 1 ? marks : -marks;
        }

        record.Session = (record.Session + 1) & 0xFFFF;
    }

    /// <inheritdoc/>
    public override bool Run(OtaStateRecord record, OtaStateLog log, bool passesOver)
    {
        if (record.Position > _steps || !Begin(record, log))
        {
            return false;
        }

        while (record.Position != End(record.Placed))
        {
            if (!Step(record.Position, record.Placed) && !passesOver)
            {
                record.Session = (record.Session + 1) & 0xFFFF;
                return false;
            }

            record.Position += record.Placed == 1 ? 1 : -1;

            // What cannot be marked is committed.
            if (!Mark() && !Begin(record, log))
            {
                return false;
            }
        }

        record.Session = (record.Session + 1) & 0xFFFF;
        return log.Commit(record);
    }

    // [OTA-092] The record says where this session goes on before the journal of the last one is erased; marks count only under its number.
    private bool Begin(OtaStateRecord record, OtaStateLog log)
    {
        record.Session = (record.Session + 1) & 0xFFFF;
        if (!log.Commit(record))
        {
            return false;
        }

        OtaRegion region = _layout.SwapJournal;
        OtaBytes.Fill(_header, 0, _header.Length, _flash.ErasedValue);
        OtaBytes.WriteUInt32(_header, 0, Magic);
        OtaBytes.WriteUInt16(_header, 4, record.Session);
        OtaBytes.WriteUInt16(_header, 6, 0);
        OtaBytes.WriteUInt32(_header, 8, (uint)record.Position);
        OtaBytes.WriteUInt32(_header, 12, _trust.Crc32C(0, _header, 0, 12));
        _marks = -1;
        bool erased = true;
        for (int i = 0; i < region.BlockCount; i++)
        {
            erased &= _flash.EraseBlock(region.FirstBlock + i);
        }

        // [OTA-093] Erased before it is named: marks of another session must not stand under this header.
        // A journal that the flash does not take costs a commit for each step, nothing else.
        if (erased && _flash.Flush() && _flash.Program(region.Start(_flash), _header, 0, _header.Length) && ReadHeader(record))
        {
            _marks = 0;
        }

        return true;
    }

    // [OTA-093] What the mark speaks of is on flash before it, and it before the next step erases what was copied.
    private bool Mark()
    {
        if (_marks < 0)
        {
            return false;
        }

        int address = MarkAddress(_marks);
        _marks++;
        OtaBytes.Fill(_unit, 0, _unit.Length, unchecked((byte)~_flash.ErasedValue));
        return _flash.Flush()
            && _flash.Program(address, _unit, 0, _unit.Length)
            && _flash.Read(address, _unit, 0, _unit.Length)
            && !OtaBytes.AllEqual(_unit, 0, _unit.Length, _flash.ErasedValue)
            && _flash.Flush();
    }

    private bool Step(int position, int placed)
    {
        int step = placed == 1 ? position : position - 1;
        int component = 0;
        int steps = Steps(0);
        while (step >= steps)
        {
            step -= steps;
            component++;
            steps = Steps(component);
        }

        // Where the images of bank 1 come in, everything moves one place down the chain, and otherwise one up.
        int to = Place(component, placed == 1 ? step : step + 1);
        int from = Place(component, placed == 1 ? step + 1 : step);
        bool copied = false;
        for (int attempt = 0; !copied && attempt < Attempts; attempt++)
        {
            copied = Copy(_flash.BlockStart(from), to, attempt == 0);
        }

        return copied;
    }

    // [OTA-091] Only the free place is touched, and what was copied is read back. What cannot be read is left out: what runs is verified.
    // [OTA-097] What reads differently a second time is copied once more; and then as it reads, as it may lie behind the image's end.
    private bool Copy(int source, int block, bool isStrict)
    {
        int target = _flash.BlockStart(block);
        for (int erased = 0; erased < _layout.SlotLength; erased += _flash.BlockLength(block - 1))
        {
            if (!_flash.EraseBlock(block))
            {
                return false;
            }

            block++;
        }

        for (int done = 0; done < _layout.SlotLength; done += _io.Length)
        {
            int length = OtaBytes.Min(_io.Length, _layout.SlotLength - done);
            if (!_flash.Read(source + done, _io, 0, length) && !_flash.Read(source + done, _io, 0, length))
            {
                continue;
            }

            uint crc = _trust.Crc32C(0, _io, 0, length);
            if (isStrict && (!_flash.Read(source + done, _io, 0, length) || _trust.Crc32C(0, _io, 0, length) != crc))
            {
                return false;
            }

            if (!_flash.Program(target + done, _io, 0, length)
                || !_flash.Read(target + done, _io, 0, length)
                || _trust.Crc32C(0, _io, 0, length) != crc)
            {
                return false;
            }
        }

        return true;
    }

    /// <returns>The first erase block of a place in the chain.</returns>
    private int Place(int component, int place)
    {
        return BlockAt(_flash, _layout.Bank(place % 2 == 0 ? 1 : 0).Image(component), place / 2 * _layout.SlotLength);
    }

    /// <summary>The erase block that starts <paramref name="offset"/> bytes behind the region's start; -1 where none does.</summary>
    public static int BlockAt(OtaFlash flash, OtaRegion region, int offset)
    {
        int block = region.FirstBlock;
        int end = region.FirstBlock + region.BlockCount;
        while (block < end && offset > 0)
        {
            offset -= flash.BlockLength(block);
            block++;
        }

        return offset == 0 ? block : -1;
    }

    // The images of a bank that does not run: n slots of the store, from the given one on.
    private OtaBankLayout Stored(int bank, int firstSlot)
    {
        OtaBankLayout store = _layout.Bank(1);
        OtaRegion[] images = new OtaRegion[store.ComponentCount];
        for (int i = 0; i < images.Length; i++)
        {
            OtaRegion region = store.Image(i);
            int first = BlockAt(_flash, region, firstSlot * _layout.SlotLength);
            int last = BlockAt(_flash, region, region.Length(_flash) - ((1 - firstSlot) * _layout.SlotLength));
            images[i] = new OtaRegion(first, last - first);
        }

        return With(_layout.Bank(bank), images);
    }

    // Manifest and tables of a bank, with images elsewhere.
    private static OtaBankLayout With(OtaBankLayout bank, OtaRegion[] images)
    {
        return new OtaBankLayout(bank.Manifest, bank.Tables, images);
    }

    private int End(int placed)
    {
        return placed == 1 ? _steps : 0;
    }

    private int Steps(int component)
    {
        return _layout.Bank(0).Image(component).Length(_flash) / _layout.SlotLength * 2;
    }

    private int MarkAddress(int mark)
    {
        return _layout.SwapJournal.Start(_flash) + _header.Length + (mark * _unit.Length);
    }

    private bool ReadHeader(OtaStateRecord record)
    {
        return _flash.Read(_layout.SwapJournal.Start(_flash), _header, 0, _header.Length)
            && OtaBytes.ReadUInt32(_header, 0) == Magic
            && OtaBytes.ReadUInt32(_header, 12) == _trust.Crc32C(0, _header, 0, 12)
            && OtaBytes.ReadUInt16(_header, 4) == record.Session
            && OtaBytes.ReadUInt32(_header, 8) == (uint)record.Position;
    }

    // A unit that was touched at all was written after its step was complete, so it counts even where it cannot be read.
    private int CountMarks()
    {
        int marks = 0;
        while (marks < _steps && IsMarked(marks) && IsMarked(marks))
        {
            marks++;
        }

        return marks;
    }

    private bool IsMarked(int mark)
    {
        return !_flash.Read(MarkAddress(mark), _unit, 0, _unit.Length) || !OtaBytes.AllEqual(_unit, 0, _unit.Length, _flash.ErasedValue);
    }
}
