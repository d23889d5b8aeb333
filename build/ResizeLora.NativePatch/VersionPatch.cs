using System.Buffers.Binary;
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
        SharedLibrary original = SharedLibrary.Read(file);
        List<PatchRule> rules = [.. PatchRule.All.Where(rule => Needs(original, rule))];
        foreach (PatchRule rule in rules)
        {
            Apply(rule, original, file);
        }

        // Read again what was written: the proof that the file is still whole and asks for none of these any more.
        if (SharedLibrary.Read(file) is var patched && PatchRule.All.FirstOrDefault(rule => Needs(patched, rule)) is { } left)
        {
            throw new InvalidDataException($"it still needs {left.Version} after patching.");
        }

        return rules.Count > 0;
    }

    private static bool Needs(SharedLibrary library, PatchRule rule) => library.NeededVersions.Any(version => version.Name == rule.Version);

    private static void Apply(PatchRule rule, SharedLibrary library, byte[] file)
    {
        NeededVersion needed = Single(library.NeededVersions, version => version.Name == rule.Version, rule.Version);
        NeededVersion replacement = Single(library.NeededVersions, version => version.Name == rule.ReplacementVersion && version.Library == needed.Library, rule.ReplacementVersion);
        DynamicSymbol symbol = Symbol(rule, library, needed);

        if (rule.ReplacementSymbol != rule.Symbol)
        {
            // Linkers let strings share their tails, so a name may be overwritten only if nothing else points into it.
            if (!library.IsUnshared(symbol))
                throw new InvalidDataException($"the name {symbol.Name} is used for something else too.");
            byte[] name = Encoding.Latin1.GetBytes(rule.ReplacementSymbol);
            if (name.Length > symbol.Name.Length)
            {
                throw new InvalidDataException($"{rule.ReplacementSymbol} doesn't fit in place of {symbol.Name}.");
            }

            Array.Resize(ref name, symbol.Name.Length);
            name.CopyTo(file.AsSpan(library.StringTableOffset + (int)symbol.NameOffset));
        }

        // The record keeps its index, so the symbols' own version numbers stay as they are.
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(needed.Offset), replacement.Hash);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(needed.Offset + 8), replacement.NameOffset);
    }

    private static NeededVersion Single(IReadOnlyList<NeededVersion> versions, Func<NeededVersion, bool> wanted, string name)
    {
        List<NeededVersion> found = [.. versions.Where(wanted)];
        return found switch
        {
            [var version] when version.Hash == NeededVersion.HashOf(name) => version,
            [_] => throw new InvalidDataException($"its hash of {name} is wrong."),
            [] => throw new InvalidDataException($"it doesn't need {name}, which should replace a newer version."),
            _ => throw new InvalidDataException($"it needs {name} {found.Count} times."),
        };
    }

    private static DynamicSymbol Symbol(PatchRule rule, SharedLibrary library, NeededVersion version)
    {
        List<DynamicSymbol> found = [.. library.Symbols.Where(symbol => symbol.VersionIndex == version.Index)];
        if (found.Find(symbol => symbol.Name != rule.Symbol) is { } other)
        {
            throw new InvalidDataException($"it needs {rule.Version} for {other.Name} too, for which no replacement is known.");
        }

        return found is [var only] && only.IsUndefined
            ? only
            : throw new InvalidDataException($"it needs {rule.Version}, but does not have exactly one undefined symbol {rule.Symbol} of that version.");
    }
}
