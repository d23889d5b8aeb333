namespace ResizeLora.NativePatch;

/// <summary>
/// A symbol that the loader binds: where its name begins in the string table, whether another library has to provide
/// it, and the <see cref="NeededVersion"/> it belongs to (0 and 1 are none).
/// </summary>
internal sealed record DynamicSymbol(uint NameOffset, string Name, bool IsUndefined, int VersionIndex);
