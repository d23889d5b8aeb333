using System.Text;

namespace ResizeLora.NativePatch;

/// <summary>
/// What the loader reads of a 64-bit little-endian shared library to bind its symbols: the dynamic symbols, the versions
/// they need of other libraries, and the strings that name both.
/// </summary>
internal sealed class ElfFile
{
    private const int SectionHeaderSize = 64;
    private const int SymbolSize = 24;
    private const int DynamicEntrySize = 16;

    // Bit 15 of a version index only hides the symbol from static linking.
    private const int VersionIndexMask = 0x7FFF;

    private readonly ElfBytes _bytes;
    private readonly List<ElfSection> _sections;
    private readonly ElfSection _strings;
    private readonly List<uint> _otherStrings = [];

    private ElfFile(ElfBytes bytes)
    {
        _bytes = bytes;
        CheckHeader();
        _sections = ReadSections();

        ElfSection symbols = Only(ElfSectionType.DynamicSymbols) ?? throw new InvalidDataException("it has no dynamic symbols.");
        _strings = Linked(symbols, ElfSectionType.StringTable);
        ElfSection? versions = Only(ElfSectionType.SymbolVersions);
        ElfSection? needs = Only(ElfSectionType.VersionNeeds);

        CheckLoaderAgrees(symbols, versions, needs);
        ReadDynamicStrings();
        NeededVersions = needs is null ? [] : ReadNeeds(needs);
        Symbols = ReadSymbols(symbols, versions);
    }

    /// <summary>Where the dynamic string table begins in the file.</summary>
    public ulong StringTableOffset => _strings.Offset;

    public IReadOnlyList<DynamicSymbol> Symbols { get; }

    public IReadOnlyList<NeededVersion> NeededVersions { get; }

    /// <summary>Offsets of strings that are neither symbols nor versions: library names and search paths.</summary>
    public IReadOnlyList<uint> Strings => _otherStrings;

    /// <summary>Whether it gives versions to symbols of its own; their names are in the string table too.</summary>
    public bool DefinesVersions => _sections.Any(section => section.Type == ElfSectionType.VersionDefinitions);

    /// <exception cref="InvalidDataException">It is no such file, or it contradicts itself.</exception>
    public static ElfFile Parse(ElfBytes bytes) => new(bytes);

    /// <summary>The byte at a place of the string table.</summary>
    public byte StringByte(uint offset) => StringTable()[checked((int)offset)];

    private void CheckHeader()
    {
        ReadOnlySpan<byte> header = _bytes.Slice(0, 64);
        if (!header.StartsWith("\u007fELF"u8))
        {
            throw new InvalidDataException("it is no ELF file.");
        }

        const byte class64 = 2, littleEndian = 1, currentVersion = 1;
        if (header[4] != class64 || header[5] != littleEndian || header[6] != currentVersion)
        {
            throw new InvalidDataException("it is no 64-bit little-endian ELF file.");
        }

        const ushort sharedObject = 3;
        if (_bytes.UInt16(16) != sharedObject)
        {
            throw new InvalidDataException("it is no shared library.");
        }
    }

    private List<ElfSection> ReadSections()
    {
        ulong table = _bytes.UInt64(40);
        ushort entrySize = _bytes.UInt16(58), count = _bytes.UInt16(60);
        if (table == 0 || count == 0 || entrySize != SectionHeaderSize)
        {
            throw new InvalidDataException("it has no section headers of the expected size.");
        }

        _bytes.Slice(table, (ulong)count * SectionHeaderSize);
        List<ElfSection> sections = new(count);
        for (ulong at = table; sections.Count < count; at += SectionHeaderSize)
        {
            ElfSection section = new((ElfSectionType)_bytes.UInt32(at + 4), _bytes.UInt64(at + 16), _bytes.UInt64(at + 24), _bytes.UInt64(at + 32), _bytes.UInt32(at + 40), _bytes.UInt32(at + 44));
            if (section.Type != ElfSectionType.NoBits)
            {
                _bytes.Slice(section.Offset, section.Size);
            }

            sections.Add(section);
        }

        return sections;
    }

    private ElfSection? Only(ElfSectionType type)
    {
        List<ElfSection> found = _sections.FindAll(section => section.Type == type);
        return found.Count <= 1 ? found.FirstOrDefault() : throw new InvalidDataException($"it has {found.Count} sections of the type {type}.");
    }

    private ElfSection Linked(ElfSection section, ElfSectionType type) =>
        section.Link < _sections.Count && _sections[(int)section.Link] is var linked && linked.Type == type
            ? linked
            : throw new InvalidDataException($"its {section.Type} section refers to no {type} section.");

    /// <summary>The loader knows no sections, only the addresses in the dynamic section: both must mean the same.</summary>
    private void CheckLoaderAgrees(ElfSection symbols, ElfSection? versions, ElfSection? needs)
    {
        const ulong stringTable = 5, symbolTable = 6, symbolVersions = 0x6FFFFFF0, versionNeeds = 0x6FFFFFFE, versionNeedCount = 0x6FFFFFFF;
        Dictionary<ulong, ulong?> expected = new()
        {
            [stringTable] = _strings.Address,
            [symbolTable] = symbols.Address,
            [symbolVersions] = versions?.Address,
            [versionNeeds] = needs?.Address,
            [versionNeedCount] = needs?.Info,
        };

        Dictionary<ulong, ulong> actual = [];
        foreach ((ulong tag, ulong value) in DynamicEntries())
        {
            if (expected.ContainsKey(tag) && !actual.TryAdd(tag, value))
            {
                throw new InvalidDataException($"its dynamic entry 0x{tag:x} is there twice.");
            }
        }

        foreach ((ulong tag, ulong? value) in expected)
        {
            if (value != (actual.TryGetValue(tag, out ulong found) ? found : (ulong?)null))
            {
                throw new InvalidDataException($"its section headers and its dynamic entry 0x{tag:x} disagree.");
            }
        }
    }

    private void ReadDynamicStrings()
    {
        const ulong needed = 1, name = 14, path = 15, runPath = 29, auxiliary = 0x7FFFFFFD, filter = 0x7FFFFFFF;
        foreach ((ulong tag, ulong value) in DynamicEntries())
        {
            if (tag is needed or name or path or runPath or auxiliary or filter)
            {
                _otherStrings.Add(value < _strings.Size ? (uint)value : throw new InvalidDataException($"its dynamic entry 0x{tag:x} names no string."));
            }
        }
    }

    private IEnumerable<(ulong Tag, ulong Value)> DynamicEntries()
    {
        ElfSection dynamic = Only(ElfSectionType.Dynamic) ?? throw new InvalidDataException("it has no dynamic section.");
        for (ulong at = 0; dynamic.Size - at >= DynamicEntrySize; at += DynamicEntrySize)
        {
            ulong tag = _bytes.UInt64(dynamic.Offset + at);
            if (tag == 0)
            {
                yield break;
            }

            yield return (tag, _bytes.UInt64(dynamic.Offset + at + 8));
        }

        throw new InvalidDataException("its dynamic section has no end.");
    }

    private List<NeededVersion> ReadNeeds(ElfSection section)
    {
        if (!ReferenceEquals(Linked(section, ElfSectionType.StringTable), _strings))
        {
            throw new InvalidDataException("its version needs and its symbols are named in different tables.");
        }

        // Both levels are linked lists by relative offsets; the counts end them, and each offset must lead on.
        List<NeededVersion> versions = [];
        ulong need = 0;
        for (uint library = 0; library < section.Info; library++)
        {
            ulong at = Within(section, need, 16);
            uint libraryName = _bytes.UInt32(at + 4);
            _otherStrings.Add(libraryName);
            ulong auxiliary = Next(need, _bytes.UInt32(at + 8));
            int count = _bytes.UInt16(at + 2);
            for (int index = 0; index < count; index++)
            {
                ulong entry = Within(section, auxiliary, 16);
                uint name = _bytes.UInt32(entry + 8);
                versions.Add(new(entry, Text(libraryName), name, Text(name), _bytes.UInt32(entry), _bytes.UInt16(entry + 6) & VersionIndexMask));
                auxiliary = index + 1 < count ? Next(auxiliary, _bytes.UInt32(entry + 12)) : auxiliary;
            }

            need = library + 1 < section.Info ? Next(need, _bytes.UInt32(at + 12)) : need;
        }

        return versions.DistinctBy(version => version.Index).Count() == versions.Count
            ? versions
            : throw new InvalidDataException("two of its version needs have the same index.");
    }

    private static ulong Next(ulong offset, uint step) =>
        step > 0 ? offset + step : throw new InvalidDataException("its list of version needs ends early.");

    private static ulong Within(ElfSection section, ulong offset, ulong length) =>
        offset <= section.Size && length <= section.Size - offset
            ? section.Offset + offset
            : throw new InvalidDataException("a version need lies outside its section.");

    private List<DynamicSymbol> ReadSymbols(ElfSection section, ElfSection? versions)
    {
        ulong count = section.Size / SymbolSize;
        if (section.Size % SymbolSize != 0 || (versions is not null && versions.Size != count * sizeof(ushort)))
        {
            throw new InvalidDataException("its symbols and their versions are not of the same number.");
        }

        if (versions is null && NeededVersions.Count > 0)
        {
            throw new InvalidDataException("it needs versions, but no symbol says which.");
        }

        HashSet<int> known = [.. NeededVersions.Select(version => version.Index)];
        List<DynamicSymbol> symbols = new((int)count);
        for (ulong index = 0; index < count; index++)
        {
            ulong at = section.Offset + (index * SymbolSize);
            uint name = _bytes.UInt32(at);
            int version = versions is null ? 1 : _bytes.UInt16(versions.Offset + (index * sizeof(ushort))) & VersionIndexMask;
            DynamicSymbol symbol = new(name, Text(name), _bytes.UInt16(at + 6) == 0, version);
            if (symbol.IsUndefined && version > 1 && !known.Contains(version))
            {
                throw new InvalidDataException($"its symbol {symbol.Name} has a version index that is not in its list, {version}.");
            }

            symbols.Add(symbol);
        }

        return symbols;
    }

    private string Text(uint offset)
    {
        ReadOnlySpan<byte> table = StringTable();
        if (offset >= table.Length || table[(int)offset..].IndexOf((byte)0) is not (>= 0 and var length))
        {
            throw new InvalidDataException($"its string table has no string at {offset}.");
        }

        return Encoding.Latin1.GetString(table.Slice((int)offset, length));
    }

    private ReadOnlySpan<byte> StringTable() => _bytes.Slice(_strings.Offset, _strings.Size);
}
