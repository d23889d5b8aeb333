using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using ResizeLora.Files;

namespace ResizeLora.Safetensors;

/// <summary>
/// A safetensors file open for reading. Tensors are read on demand with positioned reads, from any thread;
/// a file that is written to meanwhile gives an error, where a memory mapping of one that shrinks would kill the process.
/// </summary>
internal sealed class SafetensorsFile : IDisposable
{
    private const string Empty = "it is empty (0 bytes)";

    private readonly SafeFileHandle _handle;

    private SafetensorsFile(SafeFileHandle handle, SafetensorsHeader header, FileVersion version)
    {
        _handle = handle;
        Header = header;
        Version = version;
    }

    public string Path => Version.Path;

    public SafetensorsHeader Header { get; }

    /// <summary>Bytes of the whole file.</summary>
    public long Length => Version.Length;

    /// <summary>When it was last written to (UTC).</summary>
    public DateTime Modified => Version.Modified;

    /// <summary>Which version of the file was opened.</summary>
    public FileVersion Version { get; }

    /// <summary>Whether nothing at all has happened to the file since; true where the system does not tell.</summary>
    public bool IsUntouched => VersionOf(Path, _handle) == Version;

    /// <summary>Opens a file and validates its header.</summary>
    /// <exception cref="ResizeLoraException">It is missing, unreadable or no valid safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        SafeFileHandle handle = OpenHandle(path);
        try
        {
            // Before anything is read: what changes from here on is noticed.
            FileVersion version = VersionOf(path, handle);
            return new SafetensorsFile(handle, ReadHeader(path, handle, version.Length), version);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Reads the bytes of a tensor that is to be kept.</summary>
    /// <exception cref="ResizeLoraException">Reading failed, the file has shrunk, or the tensor is too large for one buffer.</exception>
    public byte[] Read(TensorInfo tensor)
    {
        using PooledBytes bytes = Rent(tensor);
        return bytes.Span.ToArray();
    }

    /// <summary>Reads the bytes of a tensor, for as long as the result is not disposed of.</summary>
    /// <exception cref="ResizeLoraException">Reading failed, the file has shrunk, or the tensor is too large for one buffer.</exception>
    public PooledBytes Rent(TensorInfo tensor) => Rent(tensor, 0, tensor.ByteCount);

    /// <summary>Reads <paramref name="count"/> bytes of a tensor from <paramref name="offset"/> on.</summary>
    /// <exception cref="ResizeLoraException">Reading failed, the file has shrunk, or the part is too large for one buffer.</exception>
    public PooledBytes Rent(TensorInfo tensor, long offset, long count)
    {
        if (count > Array.MaxLength)
            throw SafetensorsFault.TensorTooLarge(Path, tensor);

        var bytes = new PooledBytes((int)count);
        try
        {
            Read(Header.DataStart + tensor.Begin + offset, bytes.Span);
            return bytes;
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    /// <summary>Reads bytes at a position of the file until the buffer is full.</summary>
    /// <exception cref="ResizeLoraException">Reading failed, or the file was written to since it was opened.</exception>
    public void Read(long position, Span<byte> bytes)
    {
        ReadFully(Path, _handle, position, bytes);

        // The time of writing, not of any change: that a file gets another name or is linked to does no harm.
        if (RandomAccess.GetLength(_handle) != Length || File.GetLastWriteTimeUtc(_handle) != Modified)
            throw SafetensorsFault.Changed(Path);
    }

    public void Dispose() => _handle.Dispose();

    private static FileVersion VersionOf(string path, SafeFileHandle handle) =>
        new(path, RandomAccess.GetLength(handle), File.GetLastWriteTimeUtc(handle), FileStatus.Of(handle)?.Changed);

    private static SafeFileHandle OpenHandle(string path)
    {
        if (Directory.Exists(path))
            throw SafetensorsFault.IsFolder(path);

        try
        {
            // A pipe or a device has no length either, and opening a pipe waits until somebody writes to it.
            if (new FileInfo(RealPath.Resolve(path)) is { Exists: true, Length: 0 })
                throw SafetensorsFault.NotSafetensors(path, Empty);

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
            throw SafetensorsFault.NotSafetensors(path, Empty);

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

        try
        {
            byte[] json = GC.AllocateUninitializedArray<byte>((int)headerLength);
            ReadFully(path, handle, SafetensorsHeaderParser.LengthSize, json);
            return SafetensorsHeaderParser.Parse(json, dataLength);
        }
        catch (FormatException exception)
        {
            throw SafetensorsFault.NotSafetensors(path, exception.Message, exception);
        }
        catch (OutOfMemoryException exception)
        {
            throw SafetensorsFault.OutOfMemory(path, exception);
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
