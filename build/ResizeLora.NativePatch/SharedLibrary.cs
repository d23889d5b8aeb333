using System.Buffers.Binary;
using System.Text;
using LibObjectFile.Diagnostics;
using LibObjectFile.Elf;

namespace ResizeLora.NativePatch;

/// <summary>
/// The parts of a 64-bit little-endian shared library that the loader reads to bind its symbols: the dynamic symbols, the versions
/// they need of other libraries, and the strings that name both.
/// </summary>
internal sealed class SharedLibrary
{
    // Bit 15 of a version index only hides the symbol from static linking.
    private const int VersionIndexMask = 0x7FFF;

    private readonly ElfFile _file;
    private readonly ElfStringTable _strings;
    private readonly ElfDynamicLinkingTable _dynamic;
    private readonly byte[] _text;
    private readonly List<uint> _otherStrings;

    private SharedLibrary(ElfFile file, byte[] bytes)
    {
        Require(file is { FileClass: ElfFileClass.Is64, Encoding: ElfEncoding.Lsb }, "it is not a 64-bit little-endian ELF file.");
        Require(file.FileType == ElfFileType.Dynamic, "it is not a shared library.");
        _file = file;

        ElfSymbolTable symbols = Only<ElfSymbolTable>(ElfSectionType.DynamicLinkerSymbolTable) ?? throw new InvalidDataException("it has no dynamic symbols.");
        ElfStreamSection? versions = Only<ElfStreamSection>(ElfSectionType.GnuVersionSymbolTable);
        ElfStreamSection? needs = Only<ElfStreamSection>(ElfSectionType.GnuVersionNeedsSection);
        _strings = symbols.Link.Section as ElfStringTable ?? throw new InvalidDataException("its dynamic symbols refer to no string table.");
        _dynamic = Only<ElfDynamicLinkingTable>(ElfSectionType.DynamicLinking) ?? throw new InvalidDataException("it has no dynamic section.");
        _text = bytes.AsSpan(checked((int)_strings.Position), checked((int)_strings.Size)).ToArray();

        CheckLoaderAgrees(symbols, versions, needs);
        _otherStrings = [.. _dynamic.Entries.Where(entry => ElfDynamicLinkingTable.IsStringValueTag(entry.TagType)).Select(entry => checked((uint)entry.Value))];
        NeededVersions = needs is null ? [] : ReadNeeds(needs);
        Symbols = ReadSymbols(symbols, versions);
    }

    /// <summary>Where the dynamic string table begins in the file.</summary>
    public int StringTableOffset => (int)_strings.Position;

    public IReadOnlyList<DynamicSymbol> Symbols { get; }

    public IReadOnlyList<NeededVersion> NeededVersions { get; }

    /// <summary>Whether it defines symbol versions; their names are in the string table too.</summary>
    public bool DefinesVersions => _file.Sections.Any(section => section.Type == ElfSectionType.GnuVersionDefinition);

    /// <exception cref="InvalidDataException">It is not such a file, or it contradicts itself.</exception>
    public static SharedLibrary Read(byte[] bytes)
    {
        try
        {
            return ElfFile.TryRead(new MemoryStream(bytes, writable: false), out ElfFile? file, out DiagnosticBag? problems)
                ? new SharedLibrary(file, bytes)
                : throw new InvalidDataException($"it is not a valid ELF file: {problems.Messages.First(message => message.Kind == DiagnosticKind.Error).Message}");
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or OverflowException)
        {
            // The reader trusts the sizes and places that a file names, so damage shows in whatever they lead to.
            throw new InvalidDataException($"it is not a valid ELF file: {exception.Message}", exception);
        }
    }

    /// <summary>Whether a string stands alone: it begins after the end of another, and nothing else begins within it.</summary>
    public bool IsUnshared(DynamicSymbol symbol)
    {
        uint first = symbol.NameOffset, end = first + (uint)symbol.Name.Length;
        IEnumerable<uint> others = Symbols.Where(other => other != symbol).Select(other => other.NameOffset)
            .Concat(NeededVersions.Select(version => version.NameOffset))
            .Concat(_otherStrings);
        return !DefinesVersions && first > 0 && _text[first - 1] == 0 && !others.Any(offset => offset >= first && offset < end);
    }

    private T? Only<T>(ElfSectionType type)
        where T : ElfSection
    {
        List<ElfSection> found = [.. _file.Sections.Where(section => section.Type == type)];
        Require(found.Count <= 1, $"it has {found.Count} sections of the type {type}.");
        return found.Count == 0 ? null : found[0] as T ?? throw new InvalidDataException($"its section of the type {type} can't be read.");
    }

    /// <summary>The loader knows no sections, only the addresses in the dynamic section: both must mean the same.</summary>
    private void CheckLoaderAgrees(ElfSection symbols, ElfSection? versions, ElfSection? needs)
    {
        Dictionary<ElfDynamicTag, ulong?> expected = new()
        {
            [ElfDynamicTag.StrTab] = _strings.VirtualAddress,
            [ElfDynamicTag.SymTab] = symbols.VirtualAddress,
            [ElfDynamicTag.VerSym] = versions?.VirtualAddress,
            [ElfDynamicTag.VerNeed] = needs?.VirtualAddress,
            [ElfDynamicTag.VerNeedNum] = needs is null ? null : (ulong)needs.Info.GetIndex(),
        };
        ILookup<ElfDynamicTag, ulong> actual = _dynamic.Entries.ToLookup(entry => entry.TagType, entry => entry.Value);
        foreach ((ElfDynamicTag tag, ulong? value) in expected)
            Require(actual[tag].Select(found => (ulong?)found).DefaultIfEmpty().All(found => found == value), $"its section headers and its dynamic entry {tag} disagree.");
    }

    /// <summary>Both levels are linked lists by relative offsets; the counts end them, and each offset must lead on.</summary>
    private List<NeededVersion> ReadNeeds(ElfStreamSection section)
    {
        Require(section.Link.Section == _strings, "its version needs and its symbols are named in different tables.");
        byte[] bytes = BytesOf(section);
        List<NeededVersion> versions = [];
        long need = 0;
        int libraries = section.Info.GetIndex();
        for (int library = 0; library < libraries; library++)
        {
            ReadOnlySpan<byte> record = Record(need);
            uint libraryName = UInt32(record, 4);
            _otherStrings.Add(libraryName);
            long auxiliary = Next(need, UInt32(record, 8));
            int count = BinaryPrimitives.ReadUInt16LittleEndian(record[2..]);
            for (int index = 0; index < count; index++)
            {
                ReadOnlySpan<byte> entry = Record(auxiliary);
                uint name = UInt32(entry, 8);
                int versionIndex = BinaryPrimitives.ReadUInt16LittleEndian(entry[6..]) & VersionIndexMask;
                versions.Add(new((int)section.Position + (int)auxiliary, Text(libraryName), name, Text(name), UInt32(entry, 0), versionIndex));
                auxiliary = index + 1 < count ? Next(auxiliary, UInt32(entry, 12)) : auxiliary;
            }

            need = library + 1 < libraries ? Next(need, UInt32(record, 12)) : need;
        }

        Require(versions.DistinctBy(version => version.Index).Count() == versions.Count, "two of its version needs have the same index.");
        return versions;

        ReadOnlySpan<byte> Record(long offset)
        {
            const int size = 16;
            Require(offset <= bytes.Length - size, "a version need lies outside its section.");
            return bytes.AsSpan((int)offset, size);
        }

        static uint UInt32(ReadOnlySpan<byte> record, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(record[offset..]);

        static long Next(long offset, uint step)
        {
            Require(step > 0, "its list of version needs ends early.");
            return offset + step;
        }
    }

    private List<DynamicSymbol> ReadSymbols(ElfSymbolTable table, ElfStreamSection? versions)
    {
        byte[] indices = versions is null ? [] : BytesOf(versions);
        Require(versions is null || indices.Length == table.Entries.Count * sizeof(ushort), "the numbers of its symbols and of their versions differ.");
        Require(versions is not null || NeededVersions.Count == 0, "it needs versions, but no symbol says which.");

        HashSet<int> known = [.. NeededVersions.Select(version => version.Index)];
        List<DynamicSymbol> symbols = new(table.Entries.Count);
        foreach (ElfSymbol entry in table.Entries)
        {
            int version = versions is null ? 1 : BinaryPrimitives.ReadUInt16LittleEndian(indices.AsSpan(symbols.Count * sizeof(ushort))) & VersionIndexMask;
            DynamicSymbol symbol = new(symbols.Count, entry.Name.Index, Text(entry.Name.Index), entry.SectionLink.GetIndex() == 0, version);
            Require(!symbol.IsUndefined || version <= 1 || known.Contains(version), $"its symbol {symbol.Name} has a version index that is not in its list, {version}.");
            symbols.Add(symbol);
        }

        return symbols;
    }

    private string Text(uint offset)
    {
        int length = offset < _text.Length ? Array.IndexOf(_text, (byte)0, (int)offset) - (int)offset : -1;
        Require(length >= 0, $"its string table has no string at {offset}.");
        return Encoding.Latin1.GetString(_text, (int)offset, length);
    }

    private static byte[] BytesOf(ElfStreamSection section)
    {
        byte[] bytes = new byte[checked((int)section.Size)];
        section.Stream.Position = 0;
        section.Stream.ReadExactly(bytes);
        return bytes;
    }

    private static void Require(bool condition, string problem)
    {
        if (!condition)
            throw new InvalidDataException(problem);
    }
}

/// <summary>
/// A symbol that the loader binds: its place in the table, where its name begins in the string table, whether another
/// library has to provide it, and the <see cref="NeededVersion"/> it belongs to (0 and 1 are none).
/// </summary>
internal sealed record DynamicSymbol(int Number, uint NameOffset, string Name, bool IsUndefined, int VersionIndex);

/// <summary>
/// A version of a library's interface that must be there, or the loader refuses the file. The record is at
/// <c>Offset</c> of the file; its name begins at <c>NameOffset</c> of the string table.
/// </summary>
internal sealed record NeededVersion(int Offset, string Library, uint NameOffset, string Name, uint Hash, int Index)
{
    /// <summary>The hash of version names, which the loader compares first (System V ABI).</summary>
    public static uint HashOf(string name)
    {
        uint hash = 0;
        foreach (char character in name)
        {
            hash = (hash << 4) + character;
            uint high = hash & 0xF0000000;
            hash = (hash ^ (high >> 24)) & ~high;
        }

        return hash;
    }
}
