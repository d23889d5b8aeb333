using Microsoft.Win32.SafeHandles;

namespace ResizeLora.Safetensors;

/// <summary>
/// Writes a new file so that under its final name there is never anything but the whole file: tensors go into a
/// temporary file in the same folder, in any order and from any thread; <see cref="Commit"/> writes the header last,
/// flushes everything to disk and renames. Without a commit, <see cref="Dispose"/> leaves nothing behind.
/// </summary>
internal sealed class SafetensorsWriter : IDisposable
{
    /// <summary>How temporary files end, so that people recognise what an interrupted run left.</summary>
    public const string TemporaryExtension = ".resizelora.tmp";

    private readonly string _path;
    private readonly string _temporaryPath;
    private readonly SafeFileHandle _handle;
    private readonly long _dataStart;
    private bool _committed;

    private SafetensorsWriter(string path, string temporaryPath, SafeFileHandle handle, long dataStart)
    {
        _path = path;
        _temporaryPath = temporaryPath;
        _handle = handle;
        _dataStart = dataStart;
    }

    /// <summary>Begins a file whose header, length and padding included, will have <paramref name="headerLength"/> bytes.</summary>
    /// <exception cref="ResizeLoraException">The folder is missing or not writable.</exception>
    public static SafetensorsWriter Create(string path, long headerLength, long dataLength)
    {
        string temporaryPath = TemporaryPath(System.IO.Path.GetDirectoryName(path)!);
        return Guard(path, () =>
        {
            SafeFileHandle handle = File.OpenHandle(temporaryPath, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.None, headerLength + dataLength);
            return new SafetensorsWriter(path, temporaryPath, handle, headerLength);
        });
    }

    /// <summary>Finds out whether files can be made in a folder, and leaves nothing there.</summary>
    /// <exception cref="IOException">They can't.</exception>
    /// <exception cref="UnauthorizedAccessException">They must not.</exception>
    public static void TryFolder(string folder) =>
        File.Create(TemporaryPath(folder), bufferSize: 1, FileOptions.DeleteOnClose).Dispose();

    /// <summary>Writes the bytes of one tensor.</summary>
    public void Write(TensorInfo tensor, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != tensor.ByteCount)
            throw new ArgumentException($"Tensor '{tensor.Name}' has {tensor.ByteCount} bytes, not {bytes.Length}.", nameof(bytes));

        Write(tensor, 0, bytes);
    }

    /// <summary>Writes some bytes of one tensor, from an offset within it on.</summary>
    public void Write(TensorInfo tensor, long offset, ReadOnlySpan<byte> bytes) => WriteAt(_dataStart + tensor.Begin + offset, bytes);

    /// <summary>Reads back what was written, from an offset of the tensors on, until the buffer is full.</summary>
    public void ReadBack(long offset, Span<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                int count = RandomAccess.Read(_handle, bytes, _dataStart + offset);
                if (count == 0)
                    throw new EndOfStreamException("The temporary file is shorter than what was written to it.");

                offset += count;
                bytes = bytes[count..];
            }
        }
        catch (IOException exception)
        {
            throw SafetensorsFault.WriteFailed(_path, exception);
        }
    }

    /// <summary>Makes the file appear under its name.</summary>
    /// <exception cref="ResizeLoraException">The file exists and <paramref name="overwrite"/> is false, or writing failed.</exception>
    public void Commit(ReadOnlySpan<byte> header, bool overwrite)
    {
        if (header.Length != _dataStart)
            throw new ArgumentException($"The header has {header.Length} bytes, not {_dataStart}.", nameof(header));

        WriteAt(0, header);
        Guard(_path, () =>
        {
            RandomAccess.FlushToDisk(_handle);
            _handle.Dispose();
            if (!overwrite && File.Exists(_path))
                throw SafetensorsFault.OutputExists(_path);

            File.Move(_temporaryPath, _path, overwrite);
            _committed = true;
            return true;
        });
    }

    public void Dispose()
    {
        _handle.Dispose();
        if (!_committed)
            File.Delete(_temporaryPath);
    }

    private static string TemporaryPath(string folder) =>
        System.IO.Path.Combine(folder, $".{System.IO.Path.GetRandomFileName()}{TemporaryExtension}");

    private void WriteAt(long position, ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(_handle, bytes, position);
        }
        catch (IOException exception)
        {
            throw SafetensorsFault.WriteFailed(_path, exception);
        }
    }

    private static T Guard<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw SafetensorsFault.WriteFailed(path, exception);
        }
    }
}
