namespace Flint.Ota.Tests.Mutants;

/// <summary>A change to the device core that breaks a rule: in <paramref name="File"/>, <paramref name="Old"/> becomes <paramref name="New"/>.</summary>
/// <param name="Rule">The rule of the design that it breaks, or the id of the specification's sentence.</param>
/// <param name="Name">What it does.</param>
/// <param name="File">A file of src/Ota/Device.</param>
/// <param name="Old">Text that stands there exactly once.</param>
/// <param name="New">What it becomes.</param>
public sealed record Mutant(string Rule, string Name, string File, string Old, string New)
{
    /// <summary>The board on which the proof has to find it: the name of a method of OtaBoard.</summary>
    public string Board { get; init; } = "Small";

    /// <summary>Its write unit.</summary>
    public int WriteUnit { get; init; } = 8;

    /// <summary>How many sessions wrote to the logs before.</summary>
    public int Phase { get; init; } = 1;

    /// <summary>Whether that board has ECC.</summary>
    public bool HasEcc { get; init; }

    /// <summary>Whether it takes a cut and then a read that fails or is wrong; single faults find the others.</summary>
    public bool AfterCuts { get; init; }

    /// <summary>A second place in the same file that changes.</summary>
    public (string Old, string New)? Also { get; init; }

    public override string ToString() => $"{Rule}: {Name}";

    /// <summary>Every mutant that has to be found by the proof.</summary>
    public static IReadOnlyList<Mutant> All { get; } =
    [
        new("R1", "append to the state block of an earlier session", "OtaStateLog.cs",
            "bool written = _sessionStarted &&", "_slot = _sessionStarted ? _slot : NextBlank(); bool written ="),
        new("R1", "go on in the journal of an earlier session", "OtaJournal.cs",
            "        if (!_flash.EraseBlock(region.FirstBlock + i))", "        if (false)"),
        new("R1", "skip the erase of a segment that reads erased", "OtaDownload.cs",
            "            if (!_flash.EraseBlock(_firstBlock + i) && !_flash.EraseBlock(_firstBlock + i))",
            "            if (!_store.Holds(_flash.BlockStart(_firstBlock + i), Erased(_flash.BlockLength(_firstBlock + i)), 0, _flash.BlockLength(_firstBlock + i)) && !_flash.EraseBlock(_firstBlock + i))"),
        new("R2", "one copy of a record", "OtaStateLog.cs", "public const int Copies = 3;", "public const int Copies = 1;"),
        new("R2", "one state block", "OtaStateLog.cs", "int target = 1 - _block;", "int target = 0;"),
        new("R2", "no read-back of a record", "OtaStateLog.cs",
            "                && OtaBytes.Equal(_stored, 0, _readBack, 0, OtaStateRecord.Length))", "                && _readBack.Length > 0)"),
        new("R3", "no checksum over a record", "OtaStateRecord.cs",
            "            && OtaBytes.ReadUInt32(buffer, offset + 124) == trust.Crc32C(0, buffer, offset, 124)", ""),
        new("R3", "no order of records", "OtaStateLog.cs",
            "(copies == 0 || unchecked((int)(sequence - record.Sequence)) > 0)", "(copies == 0 || block == 1)"),
        new("R4", "the attempt is not consumed", "OtaEngine.Boot.cs", "            _record.Attempts--;", ""),
        new("R4", "a confirmed boot writes", "OtaEngine.Boot.cs",
            "        if (Prepare(confirmed) == OtaReason.None)\n        {", "        if (Prepare(confirmed) == OtaReason.None)\n        {\n            Commit();"),
        new("R4", "a record of which all copies are there is committed again, once", "OtaStateLog.cs",
            "        if (_isKnown && copies < Copies)", "        if (_isKnown && (copies < Copies || record.Sequence % 4 == 0))"),
        new("R4", "a rejected trial stays on trial", "OtaEngine.cs",
            "        _record.BankStatus[bank] = OtaStateRecord.Empty;\n        _record.Trial = OtaStateRecord.NoBank;",
            "        _record.BankStatus[bank] = OtaStateRecord.Empty;"),
        new("R5", "the floor rises when the bank is armed", "OtaEngine.cs",
            "        _record.Attempts = _manifest.Attempts;", "        _record.Attempts = _manifest.Attempts; _record.Floor = _manifest.SecurityVersion;"),
        new("R5", "the floor never rises", "OtaEngine.cs", "            _record.Floor = _runningVersion;", ""),
        new("R6", "images are not verified at boot", "OtaEngine.Boot.cs",
            "return _store.VerifyBank(Bank(bank), _manifest) ? OtaReason.None : corrupt;", "return OtaReason.None;"),
        new("R6", "blocks are not verified as they land", "OtaDownload.cs",
            "        if (!_isTable && !_store.VerifyBlocks(_bank, _component, _manifest.Component(_component), _offset, _length))", "        if (false)"),
        new("R7", "the running bank is written", "OtaEngine.Boot.cs", "        return keep == 0 ? 1 : 0;", "        return keep == 0 ? 0 : 1;"),
        new("R7", "the bank is not recorded as being written", "OtaEngine.Offer.cs",
            "        _record.BankStatus[_target] = OtaStateRecord.Writing;", ""),
        new("R7", "the bank is recorded as being written after its first erase", "OtaEngine.Offer.cs",
            "        if (!Commit())\n        {\n            return TakeBack();\n        }\n\n        Array.Copy(envelope, offset, _manifestBuffer, OtaBankStore.ManifestHeaderLength, count);\n        bool begun = WriteManifest(count) &&",
            "        Array.Copy(envelope, offset, _manifestBuffer, OtaBankStore.ManifestHeaderLength, count);\n        bool begun = WriteManifest(count);\n        if (!Commit())\n        {\n            return TakeBack();\n        }\n\n        begun = begun &&"),
        new("P11", "every second segment is not marked", "OtaJournal.cs",
            "        _flash.Program(_markAddress + (_nextMark * _unit.Length)", "        if (_nextMark % 2 == 1) _flash.Program(_markAddress + (_nextMark * _unit.Length)"),
        new("R8", "marks are believed", "OtaDownload.cs", "_index < done && VerifyDone()", "_index < done"),
        new("R8", "a segment is marked before its first chunk", "OtaDownload.cs",
            "        _tableFailures = _offset + _length == ArtifactLength() ? 0 : _tableFailures;\n        _journal.Mark();",
            "        _tableFailures = _offset + _length == ArtifactLength() ? 0 : _tableFailures;") { Also = ("        _isErased = true;", "        _isErased = true; _journal.Mark();") },
        new("R8", "a chunk is not bound to its image", "OtaChunkFrame.cs",
            "return trust.Crc32C(0, artifact, 0, OtaRequest.ArtifactLength);", "return 0;"),
        new("R9", "a record that cannot be read throws", "OtaStateLog.cs",
            "                    continue;", "                    throw new System.InvalidOperationException();") { HasEcc = true },
        new("R9", "a mark that cannot be read throws", "OtaJournal.cs",
            "(!_flash.Read(address, _unit, 0, _unit.Length) ||", "(!_flash.Read(address, _unit, 0, _unit.Length) ? throw new System.InvalidOperationException() :") { HasEcc = true },
        new("R10", "no end to trial boots", "OtaEngine.Boot.cs", "_record.Attempts == 0 ?", "_record.Attempts == 99 ?"),
        new("R10", "rejected images are offered again and again", "OtaEngine.Offer.cs",
            "        if (_record.IsRejected(_setDigest) && !manifest.RetryRejected)", "        if (false)"),
        new("OTA-029", "a record is looked for once", "OtaStateLog.cs", "        if (copies < Copies || _missed > 0)", "        if (false)"),
        new("OTA-029", "a second look that finds less is believed", "OtaStateLog.cs",
            "            copies = unchecked((int)(record.Sequence - sequence)) < 0 ? Search(record) : copies;", "") { Phase = 0, AfterCuts = true },
        new("OTA-030", "a start that found nothing commits over what it did not find", "OtaStateLog.cs", "        if (!_isKnown)", "        if (false)"),
        new("OTA-035", "marks of a journal are counted once", "OtaJournal.cs",
            "OtaBytes.Min(CountMarks(), CountMarks())", "CountMarks()") { Phase = 0, AfterCuts = true },
        new("OTA-042", "no other bank where the confirmed one is bad", "OtaEngine.Boot.cs",
            "        if (other == _record.Trial || Prepare(other) != OtaReason.None)", "        if (true)"),
        new("OTA-081", "no factory image", "OtaEngine.Boot.cs", "else if (_layout.HasFactory && Examine", "else if (false && Examine"),
        new("OTA-034", "the journal of an earlier download of the same manifest counts", "OtaEngine.Boot.cs",
            "            || _journal.Session != _record.Session\n", "") { WriteUnit = 1, Phase = 0 },
        new("OTA-063", "what rotted before it ran is refused from then on", "OtaEngine.Boot.cs",
            "        if (_record.Attempts == _manifest.Attempts)", "        if (false)"),
        new("OTA-087", "a bank that cannot be read once is given up", "OtaEngine.Boot.cs",
            "return fault == OtaReason.None ? fault : Look(bank);", "return fault;"),
        new("OTA-087", "arming looks once", "OtaEngine.cs", "        if (!HasArrived() && !HasArrived())", "        if (!HasArrived())"),
        new("OTA-097", "what cannot be read once is left out of a slot", "OtaSwap.cs",
            "            if (!_flash.Read(source + done, _io, 0, length) && !_flash.Read(source + done, _io, 0, length))",
            "            if (!_flash.Read(source + done, _io, 0, length))") { Board = "Swap" },
        new("OTA-097", "a source is read once", "OtaSwap.cs", "            if (isStrict &&", "            if (false &&") { Board = "Swap" },
        new("OTA-097", "the header of a move is looked at once", "OtaSwap.cs",
            "        if (ReadHeader(record) || ReadHeader(record))", "        if (ReadHeader(record))") { Board = "Swap", AfterCuts = true },
        new("OTA-097", "marks of a move are looked at once", "OtaSwap.cs",
            "IsMarked(marks) && IsMarked(marks)", "IsMarked(marks)") { Board = "Swap", AfterCuts = true },
        new("4.5", "the manifest is read back over its buffer", "OtaBankStore.cs",
            "            && Holds(bank.Manifest.Start(_flash), buffer, 0, stored);", "            && ReadManifest(bank, buffer) == envelopeLength;"),
        new("OTA-091", "a slot is not read back", "OtaSwap.cs",
            "                || _trust.Crc32C(0, _io, 0, length) != crc)", "                || crc == 1)") { Board = "Swap" },
        new("OTA-025", "no flush after a record", "OtaStateLog.cs", "return written && _flash.Flush();", "return written;"),
        new("OTA-093", "no flush between the erase of a move's journal and its header", "OtaSwap.cs",
            "        if (erased && _flash.Flush() &&", "        if (erased &&") { Board = "Swap" },
        new("OTA-093", "no flush before a mark of a move", "OtaSwap.cs",
            "        return _flash.Flush()\n            && _flash.Program", "        return _flash.Program") { Board = "Swap" },
        new("OTA-093", "no flush after a mark of a move", "OtaSwap.cs",
            "            && !OtaBytes.AllEqual(_unit, 0, _unit.Length, _flash.ErasedValue)\n            && _flash.Flush();",
            "            && !OtaBytes.AllEqual(_unit, 0, _unit.Length, _flash.ErasedValue);") { Board = "Swap" },
        new("OTA-092", "a move begins again from its beginning", "OtaSwap.cs",
            "            record.Position += record.Placed == 1 ? marks : -marks;", "") { Board = "Swap" },
        new("OTA-092", "the marks of another session count", "OtaSwap.cs",
            "            && OtaBytes.ReadUInt16(_header, 4) == record.Session\n            && OtaBytes.ReadUInt32(_header, 8) == (uint)record.Position;", ";") { Board = "Swap" },
        new("OTA-092", "a step is marked before it is done", "OtaSwap.cs",
            "            if (!Step(record.Position, record.Placed) && !passesOver)", "            bool marked = Mark(); if (!Step(record.Position, record.Placed) && !passesOver)") { Board = "Swap" },
    ];

    /// <summary>Every mutant that lives because another layer answers first; docs/ota-proof.md says which.</summary>
    public static IReadOnlyList<Mutant> Covered { get; } =
    [
        new("R6", "arming does not look", "OtaEngine.cs", "        if (!HasArrived() && !HasArrived())", "        if (false)"),
        new("R8", "the journal of another manifest is believed", "OtaEngine.Boot.cs",
            "            || !OtaBytes.Equal(_journal.Digest, 0, _record.Digests, recorded, OtaTrust.DigestLength)\n", ""),
        new("R9", "a segment is marked although the flash refused a program", "OtaDownload.cs",
            "        if (!_store.Program(address, frame, start, count))", "        if (!_store.Program(address, frame, start, count) && false)"),
        new("OTA-025", "no flush before a record", "OtaStateLog.cs", "        if (!_flash.Flush())", "        if (false)"),
    ];
}
