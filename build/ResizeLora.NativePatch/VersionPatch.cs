using System.Text;

namespace ResizeLora.NativePatch;

/// <summary>
/// Makes a shared library ask for symbols that older versions of libstdc++ have too. Undefined symbols are in no hash
/// table of the file, so a name and a version can be replaced where they stand, and nothing moves.
/// </summary>
internal static class VersionPatch
{
    /// <summary>Applies every rule that the file needs.</summary>
    /// <returns>Whether any byte was changed.</returns>
    /// <exception cref="InvalidDataException">The file is not as expected; it may not be used then.</exception>
    public static bool Apply(byte[] file)
    {
        ElfBytes bytes = new(file);
        ElfFile original = ElfFile.Parse(bytes);
        List<PatchRule> rules = [.. PatchRule.All.Where(rule => Needs(original, rule))];
        foreach (PatchRule rule in rules)
        {
            Apply(rule, original, bytes);
        }

        // Read again what was written: the proof that the file is still whole and asks for none of these any more.
        if (ElfFile.Parse(bytes) is var patched && PatchRule.All.FirstOrDefault(rule => Needs(patched, rule)) is { } left)
        {
            throw new InvalidDataException($"it still needs {left.Version} after patching.");
        }

        return rules.Count > 0;
    }

    private static bool Needs(ElfFile file, PatchRule rule) => file.NeededVersions.Any(version => version.Name == rule.Version);

    private static void Apply(PatchRule rule, ElfFile file, ElfBytes bytes)
    {
        NeededVersion needed = Single(file.NeededVersions, version => version.Name == rule.Version, rule.Version);
        NeededVersion replacement = Single(file.NeededVersions, version => version.Name == rule.ReplacementVersion && version.Library == needed.Library, rule.ReplacementVersion);
        DynamicSymbol symbol = Symbol(rule, file, needed);

        if (rule.ReplacementSymbol != rule.Symbol)
        {
            CheckUnshared(file, symbol);
            byte[] name = Encoding.Latin1.GetBytes(rule.ReplacementSymbol);
            if (name.Length > symbol.Name.Length)
            {
                throw new InvalidDataException($"{rule.ReplacementSymbol} has no room in place of {symbol.Name}.");
            }

            Array.Resize(ref name, symbol.Name.Length);
            bytes.Write(file.StringTableOffset + symbol.NameOffset, name);
        }

        // The record keeps its index, so the symbols' own version numbers stay as they are.
        bytes.WriteUInt32(needed.Offset, replacement.Hash);
        bytes.WriteUInt32(needed.Offset + 8, replacement.NameOffset);
    }

    private static NeededVersion Single(IReadOnlyList<NeededVersion> versions, Func<NeededVersion, bool> wanted, string name)
    {
        List<NeededVersion> found = [.. versions.Where(wanted)];
        return found switch
        {
            [var version] when version.Hash == NeededVersion.HashOf(name) => version,
            [_] => throw new InvalidDataException($"its hash of {name} is wrong."),
            [] => throw new InvalidDataException($"it doesn't need {name}, which was to take the place of a newer version."),
            _ => throw new InvalidDataException($"it needs {name} {found.Count} times."),
        };
    }

    private static DynamicSymbol Symbol(PatchRule rule, ElfFile file, NeededVersion version)
    {
        List<DynamicSymbol> found = [.. file.Symbols.Where(symbol => symbol.VersionIndex == version.Index)];
        if (found.Find(symbol => symbol.Name != rule.Symbol) is { } other)
        {
            throw new InvalidDataException($"it needs {rule.Version} for {other.Name} too, for which no replacement is known.");
        }

        return found is [var only] && only.IsUndefined
            ? only
            : throw new InvalidDataException($"it needs {rule.Version}, but has not exactly one undefined symbol {rule.Symbol} of that version.");
    }

    /// <summary>Linkers let strings share their tails, so a name may be overwritten only if nothing else points into it.</summary>
    private static void CheckUnshared(ElfFile file, DynamicSymbol symbol)
    {
        uint first = symbol.NameOffset, end = first + (uint)symbol.Name.Length;
        IEnumerable<uint> others = file.Symbols.Where(other => !ReferenceEquals(other, symbol)).Select(other => other.NameOffset)
            .Concat(file.NeededVersions.Select(version => version.NameOffset))
            .Concat(file.Strings);

        if (file.DefinesVersions || first == 0 || file.StringByte(first - 1) != 0 || others.Any(offset => offset >= first && offset < end))
        {
            throw new InvalidDataException($"the name {symbol.Name} is used for something else too.");
        }
    }
}
