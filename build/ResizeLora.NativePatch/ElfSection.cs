namespace ResizeLora.NativePatch;

/// <summary>
/// One entry of the section header table, as far as it is needed here: where it is mapped, where it is in the file, the
/// section that it refers to, and (of version needs) how many libraries it names.
/// </summary>
internal sealed record ElfSection(ElfSectionType Type, ulong Address, ulong Offset, ulong Size, uint Link, uint Info);
