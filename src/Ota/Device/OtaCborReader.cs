namespace Flint.Ota;

/// <summary>
/// Reads deterministic CBOR (RFC 8949 section 4.2.1) as far as a manifest uses it: integers below 2^32, byte and text strings, arrays,
/// maps, false and true. The first fault sticks, so a caller reads on and looks at <see cref="Status"/> once.
/// </summary>
internal sealed class OtaCborReader
{
    public const int Unsigned = 0;
    public const int Negative = 1;
    public const int Bytes = 2;
    public const int Text = 3;
    public const int Array = 4;
    public const int Map = 5;
    public const int Tag = 6;
    public const int Simple = 7;

    private const int MaxDepth = 4;

    private byte[] _buffer;
    private int _end;

    public OtaCborReader()
    {
        _buffer = new byte[0];
    }

    public OtaStatus Status;

    public int Position;

    public bool AtEnd
    {
        get { return Position == _end; }
    }

    public void Start(byte[] buffer, int offset, int count)
    {
        _buffer = buffer;
        Position = offset;
        _end = offset + count;
        Status = OtaStatus.Ok;
    }

    /// <summary>Records a fault, unless there is one already.</summary>
    public void Fail(OtaStatus status)
    {
        if (Status == OtaStatus.Ok)
        {
            Status = status;
        }
    }

    /// <summary>Reads a head of the given major type; 0 where there is none or it is not well-formed.</summary>
    public uint ReadHead(int major)
    {
        int found;
        uint value = ReadAnyHead(out found);
        if (found != major)
        {
            Fail(OtaStatus.ManifestMalformed);
        }

        return Status == OtaStatus.Ok ? value : 0;
    }

    /// <summary>An unsigned integer from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public uint ReadUnsigned(uint least, uint most)
    {
        uint value = ReadHead(Unsigned);
        if (value < least || value > most)
        {
            Fail(OtaStatus.ManifestFieldRange);
        }

        return Status == OtaStatus.Ok ? value : 0;
    }

    /// <summary>A string; gives where its bytes start and how many they are.</summary>
    public int ReadString(int major, int least, int most, out int count)
    {
        uint length = ReadHead(major);
        count = 0;
        if (length > (uint)(_end - Position))
        {
            Fail(OtaStatus.ManifestTruncated);
        }

        if (length < (uint)least || length > (uint)most)
        {
            Fail(OtaStatus.ManifestFieldRange);
        }

        if (Status != OtaStatus.Ok)
        {
            return 0;
        }

        int start = Position;
        count = (int)length;
        Position = start + count;
        return start;
    }

    /// <summary>False or true.</summary>
    public bool ReadBoolean()
    {
        uint value = ReadHead(Simple);
        if (value != 20 && value != 21)
        {
            Fail(OtaStatus.ManifestMalformed);
        }

        return value == 21;
    }

    /// <summary>A map key that has to be above the one before.</summary>
    public int ReadKey(int previous)
    {
        uint key = ReadHead(Unsigned);
        if (key > 0xFFFF || (int)key <= previous)
        {
            Fail(OtaStatus.ManifestMalformed);
        }

        return Status == OtaStatus.Ok ? (int)key : 0;
    }

    /// <summary>Passes over one item of any type, at most four levels deep.</summary>
    public void Skip()
    {
        Skip(MaxDepth);
    }

    private void Skip(int depth)
    {
        int major;
        uint value = ReadAnyHead(out major);
        if (Status != OtaStatus.Ok)
        {
            return;
        }

        if (major == Bytes || major == Text)
        {
            if (value > (uint)(_end - Position))
            {
                Fail(OtaStatus.ManifestTruncated);
                return;
            }

            Position += (int)value;
        }
        else if (major == Array || major == Map || major == Tag)
        {
            // A count that the remaining bytes cannot hold ends at the first missing item.
            uint items = major == Tag ? 1 : value;
            for (uint i = 0; i < items && Status == OtaStatus.Ok; i++)
            {
                SkipNested(depth);
                if (major == Map)
                {
                    SkipNested(depth);
                }
            }
        }
    }

    private void SkipNested(int depth)
    {
        if (depth == 0)
        {
            Fail(OtaStatus.ManifestMalformed);
        }

        if (Status == OtaStatus.Ok)
        {
            Skip(depth - 1);
        }
    }

    private uint ReadAnyHead(out int major)
    {
        major = -1;
        if (Status != OtaStatus.Ok)
        {
            return 0;
        }

        if (Position == _end)
        {
            Fail(OtaStatus.ManifestTruncated);
            return 0;
        }

        int first = _buffer[Position];
        int info = first & 0x1F;
        int extra = info < 24 ? 0 : info == 24 ? 1 : info == 25 ? 2 : info == 26 ? 4 : -1;
        if (extra < 0)
        {
            // 64-bit arguments and indefinite lengths (RFC 8949 section 3.2) have no place in a manifest.
            Fail(OtaStatus.ManifestMalformed);
            return 0;
        }

        if (extra > _end - Position - 1)
        {
            Fail(OtaStatus.ManifestTruncated);
            return 0;
        }

        uint value = extra == 0 ? (uint)info : 0;
        for (int i = 0; i < extra; i++)
        {
            value = (value << 8) | _buffer[Position + 1 + i];
        }

        // [OTA-051] The shortest form only; floating-point numbers share the shape of major type 7 and are not integers.
        uint least = extra == 0 ? 0 : extra == 1 ? 24u : extra == 2 ? 0x100u : 0x10000u;
        if (value < least || ((first >> 5) == Simple && extra != 0))
        {
            Fail(OtaStatus.ManifestMalformed);
            return 0;
        }

        major = first >> 5;
        Position += 1 + extra;
        return value;
    }
}
