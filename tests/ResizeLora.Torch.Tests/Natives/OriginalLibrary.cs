using System.Buffers.Binary;
using System.Text;
using ResizeLora.NativePatch;
using ResizeLora.Torch.Tests.Support;

namespace ResizeLora.Torch.Tests.Natives;

/// <summary>TorchSharp's own library, and ways to damage a copy of it.</summary>
internal static class OriginalLibrary
{
    public const string InitSymbol = "_ZSt21ios_base_library_initv";
    public const string WaitSymbol = "_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE";

    private const int SymbolSize = 24;
    private static readonly Lazy<byte[]> Bytes = new(() => File.ReadAllBytes(BuildPaths.OriginalLibrary));

    public static byte[] Copy() => (byte[])Bytes.Value.Clone();

    public static SharedLibrary Read() => SharedLibrary.Read(Bytes.Value);

    public static byte[] Patched()
    {
        byte[] copy = Copy();
        Assert.True(VersionPatch.Apply(copy));
        return copy;
    }

    /// <summary>Where a NUL-terminated string is that begins after a NUL.</summary>
    public static int Find(string text)
    {
        int at = Bytes.Value.AsSpan().IndexOf(Encoding.ASCII.GetBytes($"\0{text}\0"));
        Assert.True(at >= 0, $"'{text}' is not in the file.");
        return at + 1;
    }

    /// <summary>Where the record of a dynamic symbol is.</summary>
    public static int SymbolRecord(string name) => (int)Section(type: 11).Offset + (IndexOf(name) * SymbolSize);

    /// <summary>Where the version index of a dynamic symbol is.</summary>
    public static int VersionRecord(string name) => (int)Section(type: 0x6FFFFFFF).Offset + (IndexOf(name) * sizeof(ushort));

    public static (int Header, ulong Offset) Section(uint type)
    {
        ReadOnlySpan<byte> bytes = Bytes.Value;
        int at = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]);
        while (BinaryPrimitives.ReadUInt32LittleEndian(bytes[(at + 4)..]) != type)
        {
            at += 64;
        }

        return (at, BinaryPrimitives.ReadUInt64LittleEndian(bytes[(at + 24)..]));
    }

    private static int IndexOf(string name) => Read().Symbols.Select(symbol => symbol.Name).ToList().IndexOf(name);
}
