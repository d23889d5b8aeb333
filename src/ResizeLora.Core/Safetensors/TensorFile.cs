using Microsoft.Win32.SafeHandles;
using ResizeLora.Common;
using ResizeLora.Files;

namespace ResizeLora.Safetensors;

/// <summary>
/// A file of tensors open for reading, whatever its format. Tensors are read on demand with positioned reads, from any thread;
/// a file that is written to meanwhile gives an error, where a memory mapping of one that shrinks would kill the process.
/// </summary>
internal abstract class TensorFile : IDisposable
{
    private readonly SafeFileHandle _handle;

    protected TensorFile(SafeFileHandle handle, FileVersion version)
    {
        _handle = handle;
        Version = version;
    }

    public string Path => Version.Path;

    /// <summary>What is in the file.</summary>
    public abstract TensorHeader Header { get; }

    /// <summary>Bytes of the whole file.</summary>
    public long Length => Version.Length;

    /// <summary>When it was last written to (UTC).</summary>
    public DateTime Modified => Version.Modified;

    /// <summary>Which version of the file was opened.</summary>
    public FileVersion Version { get; }

    /// <summary>Whether nothing at all has happened to the file since; true where the system does not say.</summary>
    public bool IsUntouched => VersionOf(Path, _handle) == Version;

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
            throw SafetensorsErrors.TensorTooLarge(Path, tensor);

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
            throw SafetensorsErrors.Changed(Path);
    }

    public void Dispose() => _handle.Dispose();

    /// <summary>Opens a file; what changes from here on is noticed.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="create">Reads and validates what the format has at its beginning.</param>
    /// <exception cref="ResizeLoraException">It is missing, unreadable or not of the format.</exception>
    protected static T Open<T>(string path, Func<SafeFileHandle, FileVersion, T> create)
    {
        SafeFileHandle handle = OpenHandle(path);
        try
        {
            FileVersion version = VersionOf(path, handle);
            return version.Length == 0 ? throw SafetensorsErrors.Empty(path) : create(handle, version);
        }
        catch (OutOfMemoryException exception)
        {
            handle.Dispose();
            throw SafetensorsErrors.OutOfMemory(path, exception);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>The first bytes of a file, as many as are needed to identify it; fewer if it is shorter.</summary>
    protected static byte[] ReadHead(SafeFileHandle handle, FileVersion version)
    {
        byte[] head = new byte[Math.Min(ForeignFile.HeadLength, version.Length)];
        ReadFully(version.Path, handle, 0, head);
        return head;
    }

    protected static void ReadFully(string path, SafeFileHandle handle, long position, Span<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                int count = RandomAccess.Read(handle, bytes, position);
                if (count == 0)
                    throw SafetensorsErrors.Shrunk(path, position);

                position += count;
                bytes = bytes[count..];
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw SafetensorsErrors.ReadFailed(path, exception);
        }
    }

    private static FileVersion VersionOf(string path, SafeFileHandle handle) =>
        new(path, RandomAccess.GetLength(handle), File.GetLastWriteTimeUtc(handle), FileStatus.Of(handle)?.Changed);

    private static SafeFileHandle OpenHandle(string path)
    {
        if (Directory.Exists(path))
            throw SafetensorsErrors.IsFolder(path);

        try
        {
            // A pipe or a device has no length either, and opening a pipe blocks until another program writes to it.
            if (new FileInfo(RealPath.Resolve(path)) is { Exists: true, Length: 0 })
                throw SafetensorsErrors.Empty(path);

            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw SafetensorsErrors.NotFound(path, exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw SafetensorsErrors.AccessDenied(path, exception);
        }
        catch (IOException exception)
        {
            throw SafetensorsErrors.ReadFailed(path, exception);
        }
    }
}
