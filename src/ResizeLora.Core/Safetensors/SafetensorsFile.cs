using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace ResizeLora.Safetensors;

/// <summary>
/// A safetensors file open for reading. Tensors are read on demand with positioned reads, from any thread;
/// a file that shrinks meanwhile gives an error, where a memory mapping would kill the process.
/// </summary>
internal sealed class SafetensorsFile : IDisposable
{
    private readonly SafeFileHandle _handle;

    private SafetensorsFile(string path, SafeFileHandle handle, SafetensorsHeader header, long length, DateTime modified)
    {
        Path = path;
        _handle = handle;
        Header = header;
        Length = length;
        Modified = modified;
    }

    public string Path { get; }

    public SafetensorsHeader Header { get; }

    /// <summary>Bytes of the whole file.</summary>
    public long Length { get; }

    /// <summary>When it was last written to (UTC).</summary>
    public DateTime Modified { get; }

    /// <summary>Which version of the file this is.</summary>
    public FileVersion Version => new(Path, Length, Modified);

    /// <summary>Opens a file and validates its header.</summary>
    /// <exception cref="ResizeLoraException">It is missing, unreadable or no valid safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        SafeFileHandle handle = OpenHandle(path);
        try
        {
            long length = RandomAccess.GetLength(handle);
            SafetensorsHeader header = ReadHeader(path, handle, length);
            return new SafetensorsFile(path, handle, header, length, File.GetLastWriteTimeUtc(handle));
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Reads the bytes of a whole tensor.</summary>
    public byte[] Read(TensorInfo tensor) => Read(tensor, 0, tensor.ByteCount);

    /// <summary>Reads <paramref name="count"/> bytes of a tensor from <paramref name="offset"/> on.</summary>
    /// <exception cref="ResizeLoraException">Reading failed, the file has shrunk, or the part is too large for one buffer.</exception>
    public byte[] Read(TensorInfo tensor, long offset, long count)
    {
        if (count > Array.MaxLength)
            throw SafetensorsFault.TensorTooLarge(Path, tensor);

        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)count);
        Read(Header.DataStart + tensor.Begin + offset, bytes);
        return bytes;
    }

    /// <summary>Reads bytes at a position of the file until the buffer is full.</summary>
    public void Read(long position, Span<byte> bytes) => ReadFully(Path, _handle, position, bytes);

    public void Dispose() => _handle.Dispose();

    private static SafeFileHandle OpenHandle(string path)
    {
        if (Directory.Exists(path))
            throw SafetensorsFault.IsFolder(path);

        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw SafetensorsFault.NotFound(path, exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw SafetensorsFault.AccessDenied(path, exception);
        }
        catch (IOException exception)
        {
            throw SafetensorsFault.ReadFailed(path, exception);
        }
    }

    private static SafetensorsHeader ReadHeader(string path, SafeFileHandle handle, long length)
    {
        if (length == 0)
            throw SafetensorsFault.NotSafetensors(path, "it is empty (0 bytes)");

        if (length < SafetensorsHeaderParser.LengthSize)
            throw SafetensorsFault.NotSafetensors(path, $"it has only {length} bytes");

        Span<byte> prefix = stackalloc byte[SafetensorsHeaderParser.LengthSize];
        ReadFully(path, handle, 0, prefix);
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerLength > SafetensorsHeaderParser.MaximumLength)
            throw SafetensorsFault.NotSafetensors(path, $"its first 8 bytes would mean a header of {headerLength} bytes, more than the {SafetensorsHeaderParser.MaximumLength} that are allowed");

        long dataLength = length - SafetensorsHeaderParser.LengthSize - (long)headerLength;
        if (dataLength < 0)
            throw SafetensorsFault.NotSafetensors(path, $"its header should have {headerLength} bytes, but the file has only {length}: it is truncated, or no safetensors file");

        byte[] json = GC.AllocateUninitializedArray<byte>((int)headerLength);
        ReadFully(path, handle, SafetensorsHeaderParser.LengthSize, json);
        try
        {
            return SafetensorsHeaderParser.Parse(json, dataLength);
        }
        catch (FormatException exception)
        {
            throw SafetensorsFault.NotSafetensors(path, exception.Message, exception);
        }
    }

    private static void ReadFully(string path, SafeFileHandle handle, long position, Span<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                int count = RandomAccess.Read(handle, bytes, position);
                if (count == 0)
                    throw SafetensorsFault.Shrunk(path, position);

                position += count;
                bytes = bytes[count..];
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw SafetensorsFault.ReadFailed(path, exception);
        }
    }
}
