using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using ResizeLora.Files;

namespace ResizeLora.Safetensors;

/// <summary>A safetensors file open for reading.</summary>
internal sealed class SafetensorsFile : TensorFile
{
    /// <summary>How names of such files end.</summary>
    public const string Extension = ".safetensors";

    private SafetensorsFile(SafeFileHandle handle, FileVersion version, SafetensorsHeader header)
        : base(handle, version) => Header = header;

    public override SafetensorsHeader Header { get; }

    /// <summary>Opens a file and validates its header.</summary>
    /// <exception cref="ResizeLoraException">It is missing, unreadable or not a valid safetensors file.</exception>
    public static SafetensorsFile Open(string path) => Open(path, Create);

    /// <summary>Reads and validates the header of an open file.</summary>
    /// <exception cref="ResizeLoraException">It is not a valid safetensors file.</exception>
    internal static SafetensorsFile Create(SafeFileHandle handle, FileVersion version)
    {
        try
        {
            return new SafetensorsFile(handle, version, ReadHeader(handle, version));
        }
        catch (FormatException exception)
        {
            // Only now: what can be read is never taken for something else.
            byte[] head = ReadHead(handle, version);
            throw ForeignFile.Of(head) is { } foreign
                ? SafetensorsErrors.Foreign(version.Path, foreign, ForeignFile.Quote(head), exception)
                : SafetensorsErrors.NotSafetensors(version.Path, exception.Message, exception);
        }
    }

    /// <exception cref="FormatException">The header is not valid; the message says why.</exception>
    private static SafetensorsHeader ReadHeader(SafeFileHandle handle, FileVersion version)
    {
        if (version.Length < SafetensorsHeaderParser.LengthSize)
            throw new FormatException($"it has only {version.Length} bytes");

        Span<byte> prefix = stackalloc byte[SafetensorsHeaderParser.LengthSize];
        ReadFully(version.Path, handle, 0, prefix);
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerLength > SafetensorsHeaderParser.MaximumLength)
            throw new FormatException($"its first 8 bytes give a header of {headerLength} bytes, more than the {SafetensorsHeaderParser.MaximumLength} that are allowed");

        long dataLength = version.Length - SafetensorsHeaderParser.LengthSize - (long)headerLength;
        if (dataLength < 0)
            throw new FormatException($"its header should have {headerLength} bytes, but the file has only {version.Length}: it is truncated, or not a safetensors file");

        byte[] json = GC.AllocateUninitializedArray<byte>((int)headerLength);
        ReadFully(version.Path, handle, SafetensorsHeaderParser.LengthSize, json);
        return SafetensorsHeaderParser.Parse(json, dataLength);
    }
}
