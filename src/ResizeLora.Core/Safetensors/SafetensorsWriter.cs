using ResizeLora.Files;

namespace ResizeLora.Safetensors;

/// <summary>
/// Writes a new file so that under its final name there is never anything but the whole file: tensors go into a
/// temporary file in the same folder, in any order and from any thread; <see cref="Commit"/> writes the header last,
/// flushes everything to disk and renames. Without a commit, <see cref="Dispose"/> leaves nothing behind.
/// </summary>
internal sealed class SafetensorsWriter : IDisposable
{
    private readonly string _path;
    private readonly string _shown;
    private readonly TemporaryFile _file;
    private readonly long _dataStart;

    private SafetensorsWriter(string path, string shown, TemporaryFile file, long dataStart)
    {
        _path = path;
        _shown = shown;
        _file = file;
        _dataStart = dataStart;
    }

    /// <summary>Begins a file whose header, length and padding included, will have <paramref name="headerLength"/> bytes.</summary>
    /// <param name="path">The file's name.</param>
    /// <param name="headerLength">The header's length.</param>
    /// <param name="dataLength">The length of all tensors.</param>
    /// <param name="shown">How messages name it, if different.</param>
    /// <exception cref="ResizeLoraException">
    /// The folder is missing or not writable, the disk has no room for the file, or the header is too long to be read.
    /// </exception>
    public static SafetensorsWriter Create(string path, long headerLength, long dataLength, string? shown = null)
    {
        shown ??= path;
        if (headerLength > SafetensorsHeaderParser.LengthSize + SafetensorsHeaderParser.MaximumLength)
            throw SafetensorsErrors.HeaderTooLong(shown, headerLength);

        return Guard(shown, () => new SafetensorsWriter(path, shown, TemporaryFile.Create(System.IO.Path.GetDirectoryName(path)!, headerLength + dataLength), headerLength));
    }

    /// <summary>Finds out whether files can be made in a folder, and changes nothing there.</summary>
    /// <exception cref="IOException">They can't.</exception>
    /// <exception cref="UnauthorizedAccessException">They must not.</exception>
    public static void TryFolder(string folder) => TemporaryFile.CreateOnly(folder, 0).Dispose();

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
                int count = RandomAccess.Read(_file.Handle, bytes, _dataStart + offset);
                if (count == 0)
                    throw new EndOfStreamException("The temporary file is shorter than what was written to it.");

                offset += count;
                bytes = bytes[count..];
            }
        }
        catch (IOException exception)
        {
            throw SafetensorsErrors.WriteFailed(_shown, exception);
        }
    }

    /// <summary>Makes the file appear under its name.</summary>
    /// <exception cref="ResizeLoraException">The file exists and <paramref name="overwrite"/> is false, or writing failed.</exception>
    public void Commit(ReadOnlySpan<byte> header, bool overwrite)
    {
        if (header.Length != _dataStart)
            throw new ArgumentException($"The header has {header.Length} bytes, not {_dataStart}.", nameof(header));

        WriteAt(0, header);
        if (!Guard(_shown, () => _file.TryMoveTo(_path, overwrite)))
            throw SafetensorsErrors.OutputExists(_shown);
    }

    public void Dispose() => _file.Dispose();

    private void WriteAt(long position, ReadOnlySpan<byte> bytes)
    {
        try
        {
            _file.Write(bytes, position);
        }
        catch (IOException exception)
        {
            throw SafetensorsErrors.WriteFailed(_shown, exception);
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
            throw SafetensorsErrors.WriteFailed(path, exception);
        }
    }
}
