namespace ResizeLora.NativePatch;

/// <summary>
/// A version of a library's interface that must be there, or the loader refuses the file. The record is at
/// <c>Offset</c> of the file; its name begins at <c>NameOffset</c> of the string table.
/// </summary>
internal sealed record NeededVersion(ulong Offset, string Library, uint NameOffset, string Name, uint Hash, int Index)
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
