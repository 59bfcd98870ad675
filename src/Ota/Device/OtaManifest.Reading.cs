namespace Flint.Ota;

public sealed partial class OtaManifest
{
    // Keys below this have to be known; keys from here on may be passed over.
    private const int FirstOptionalKey = 64;

    private const int CoseSign1Tag = 18;

    private void ReadEnvelope()
    {
        if (_reader.ReadHead(OtaCborReader.Tag) != CoseSign1Tag || _reader.ReadHead(OtaCborReader.Array) != 4)
        {
            _reader.Fail(OtaStatus.ManifestMalformed);
        }

        // Up to 23 bytes, so that the head is the one byte before them.
        int count;
        _protectedStart = _reader.ReadString(OtaCborReader.Bytes, 1, 23, out count);
        _protectedEnd = _protectedStart + count;
        if (_reader.ReadHead(OtaCborReader.Map) != 0)
        {
            _reader.Fail(OtaStatus.ManifestMalformed);
        }

        _payloadStart = _reader.Position;
        PayloadOffset = _reader.ReadString(OtaCborReader.Bytes, 1, MaxEnvelopeLength, out count);
        PayloadCount = count;
        SignatureOffset = _reader.ReadString(OtaCborReader.Bytes, 64, 512, out count);
        SignatureCount = count;
    }

    private void ReadPart(int start, int end, bool isHeader)
    {
        _reader.Start(Buffer, start, end - start);
        if (isHeader)
        {
            ReadHeader();
        }
        else
        {
            ReadFields();
        }

        if (!_reader.AtEnd)
        {
            _reader.Fail(OtaStatus.ManifestTrailingBytes);
        }
    }

    private void ReadHeader()
    {
        if (_reader.ReadHead(OtaCborReader.Map) != 2 || _reader.ReadKey(0) != 1)
        {
            _reader.Fail(OtaStatus.ManifestMalformed);
        }

        uint algorithm = _reader.ReadHead(OtaCborReader.Negative);
        if (algorithm > 0xFFFF)
        {
            _reader.Fail(OtaStatus.ManifestFieldRange);
            return;
        }

        Algorithm = -1 - (int)algorithm;
        if (_reader.ReadKey(1) != 4)
        {
            _reader.Fail(OtaStatus.ManifestMalformed);
        }

        int count;
        KeyIdOffset = _reader.ReadString(OtaCborReader.Bytes, 1, 16, out count);
        KeyIdCount = count;
    }

    private void ReadFields()
    {
        Expires = 0;
        Attempts = 3;
        AllowDowngrade = false;
        RetryRejected = false;
        ConfirmWithin = 0;
        SelfTests = 0;
        DeploymentCount = 0;
        DeviceCount = 0;

        uint fields = _reader.ReadHead(OtaCborReader.Map);
        int key = 0;
        int required = 0;
        for (uint i = 0; i < fields && _reader.Status == OtaStatus.Ok; i++)
        {
            key = _reader.ReadKey(key);
            ReadField(key);
            required += key <= 6 ? 1 : 0;
        }

        // [OTA-054] Keys 1 to 6 are there. They ascend strictly, so counting them is enough.
        if (required != 6)
        {
            _reader.Fail(OtaStatus.ManifestFieldMissing);
        }
    }

    private void ReadField(int key)
    {
        int count;
        switch (key)
        {
            case 1:
                Supported(_reader.ReadUnsigned(0, 0xFFFF) == 1);
                break;
            case 2:
                Sequence = _reader.ReadUnsigned(0, 0xFFFFFFFF);
                break;
            case 3:
                SecurityVersion = _reader.ReadUnsigned(0, 0xFFFFFFFF);
                break;
            case 4:
                ProductOffset = _reader.ReadString(OtaCborReader.Bytes, 1, 16, out count);
                ProductCount = count;
                break;
            case 5:
                ReadHardware();
                break;
            case 6:
                ReadComponents();
                break;
            case 7:
                Expires = _reader.ReadUnsigned(1, 0xFFFFFFFF);
                break;
            case 8:
                ReadPolicy();
                break;
            case 9:
                DeploymentOffset = _reader.ReadString(OtaCborReader.Bytes, 8, 8, out count);
                DeploymentCount = count;
                break;
            case 10:
                DeviceOffset = _reader.ReadString(OtaCborReader.Bytes, 1, 32, out count);
                DeviceCount = count;
                break;
            default:
                SkipUnknown(key);
                break;
        }
    }

    private void ReadHardware()
    {
        if (_reader.ReadHead(OtaCborReader.Array) != 2)
        {
            _reader.Fail(OtaStatus.ManifestMalformed);
        }

        HardwareMin = (int)_reader.ReadUnsigned(0, 0xFFFF);
        HardwareMax = (int)_reader.ReadUnsigned((uint)HardwareMin, 0xFFFF);
    }

    private void ReadPolicy()
    {
        uint fields = _reader.ReadHead(OtaCborReader.Map);
        int key = 0;
        for (uint i = 0; i < fields && _reader.Status == OtaStatus.Ok; i++)
        {
            key = _reader.ReadKey(key);
            switch (key)
            {
                case 1:
                    Attempts = (int)_reader.ReadUnsigned(1, 15);
                    break;
                case 2:
                    AllowDowngrade = _reader.ReadBoolean();
                    break;
                case 3:
                    RetryRejected = _reader.ReadBoolean();
                    break;
                case 4:
                    ConfirmWithin = _reader.ReadUnsigned(1, 0xFFFFFFFF);
                    break;
                case 5:
                    SelfTests = _reader.ReadUnsigned(1, 0xFFFFFFFF);
                    break;
                default:
                    SkipUnknown(key);
                    break;
            }
        }
    }

    private void ReadComponents()
    {
        uint count = _reader.ReadHead(OtaCborReader.Array);
        if (count < 1 || count > OtaLayout.MaxComponents)
        {
            _reader.Fail(OtaStatus.ManifestFieldRange);
        }

        for (int i = 0; _reader.Status == OtaStatus.Ok && i < (int)count; i++)
        {
            ReadComponent(_components[i]);

            // [OTA-055] Components stand in the order of their identifiers, each once.
            if (i > 0 && _components[i].Id <= _components[i - 1].Id)
            {
                _reader.Fail(OtaStatus.ManifestFieldRange);
            }
        }

        ComponentCount = _reader.Status == OtaStatus.Ok ? (int)count : 0;
    }

    private void ReadComponent(OtaManifestComponent component)
    {
        uint fields = _reader.ReadHead(OtaCborReader.Map);
        int key = 0;
        int required = 0;
        for (uint i = 0; i < fields && _reader.Status == OtaStatus.Ok; i++)
        {
            key = _reader.ReadKey(key);
            ReadComponentField(component, key);
            required += key <= 7 ? 1 : 0;
        }

        if (required != 7)
        {
            _reader.Fail(OtaStatus.ManifestFieldMissing);
        }
    }

    private void ReadComponentField(OtaManifestComponent component, int key)
    {
        int count;
        switch (key)
        {
            case 1:
                component.Id = (int)_reader.ReadUnsigned(0, 0xFFFF);
                break;
            case 2:
                component.VersionOffset = _reader.ReadString(OtaCborReader.Text, 0, 32, out count);
                component.VersionCount = count;
                CheckVersion(component.VersionOffset, count);
                break;
            case 3:
                component.Size = (int)_reader.ReadUnsigned(1, 0x7FFFFFFF);
                break;
            case 4:
                Supported(_reader.ReadUnsigned(0, 0xFFFF) == 1);
                break;
            case 5:
                component.DigestOffset = _reader.ReadString(OtaCborReader.Bytes, OtaTrust.DigestLength, OtaTrust.DigestLength, out count);
                break;
            case 6:
                component.BlockSize = (int)_reader.ReadUnsigned(MinBlockSize, MaxBlockSize);
                if ((component.BlockSize & (component.BlockSize - 1)) != 0)
                {
                    _reader.Fail(OtaStatus.ManifestFieldRange);
                }

                break;
            case 7:
                component.Crc = _reader.ReadUnsigned(0, 0xFFFFFFFF);
                break;
            default:
                SkipUnknown(key);
                break;
        }
    }

    // [OTA-056] A version is printable ASCII without spaces: what a log prints is what was signed.
    private void CheckVersion(int offset, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (Buffer[offset + i] <= 0x20 || Buffer[offset + i] >= 0x7F)
            {
                _reader.Fail(OtaStatus.ManifestFieldRange);
            }
        }
    }

    // [OTA-053] What must not be ignored is refused; what may be ignored is still well-formed.
    private void SkipUnknown(int key)
    {
        if (key < FirstOptionalKey)
        {
            _reader.Fail(OtaStatus.ManifestFieldUnknown);
            return;
        }

        _reader.Skip();
    }

    private void Supported(bool supported)
    {
        if (!supported)
        {
            _reader.Fail(OtaStatus.ManifestUnsupported);
        }
    }
}
