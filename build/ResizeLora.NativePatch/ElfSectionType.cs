namespace ResizeLora.NativePatch;

/// <summary>The section types that are read here, with the numbers of the ELF specification.</summary>
internal enum ElfSectionType : uint
{
    StringTable = 3,
    Dynamic = 6,
    NoBits = 8,
    DynamicSymbols = 11,
    VersionDefinitions = 0x6FFFFFFD,
    VersionNeeds = 0x6FFFFFFE,
    SymbolVersions = 0x6FFFFFFF,
}
