using Microsoft.Win32.SafeHandles;

namespace ResizeLora.Files;

/// <summary>
/// A file in the making. Until it is complete it has a temporary name, and it is locked for as long as its maker
/// lives: so <see cref="LeftOvers"/> can tell what a killed run left from what another run is still writing.
/// </summary>
internal sealed class TemporaryFile : IDisposable
{
    /// <summary>How these files end, so that people recognise what an interrupted run left.</summary>
    public const string Extension = ".resizelora.tmp";

    private const int Attempts = 5;

    private readonly string _path;

    private TemporaryFile(string path, SafeFileHandle handle)
    {
        _path = path;
        Handle = handle;
    }

    public SafeFileHandle Handle { get; }

    /// <summary>What makes its name unique; never used twice.</summary>
    public string Mark => Path.GetFileName(_path)[1..^Extension.Length];

    /// <summary>Makes a file of a length in a folder, and first removes there what killed runs left.</summary>
    /// <exception cref="IOException">The folder is missing, or the disk has no room for the length.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable.</exception>
    public static TemporaryFile Create(string folder, long length)
    {
        LeftOvers.Remove(folder);
        return CreateOnly(folder, length);
    }

    /// <summary>Makes a file and looks at nothing else.</summary>
    internal static TemporaryFile CreateOnly(string folder, long length)
    {
        for (int attempt = 1; ; attempt++)
        {
            string path = Path.Combine(folder, $".{Path.GetRandomFileName()}{Extension}");
            try
            {
                // Deleting is shared, as Windows wants for the renaming of an open file.
                SafeFileHandle handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete, FileOptions.None, length);
                if (File.Exists(path))
                    return new TemporaryFile(path, handle);

                handle.Dispose();
            }
            catch (IOException exception) when (attempt < Attempts && SharingViolation.Is(exception))
            {
            }

            // Unix makes a file and locks it in two steps, and another run that cleans up came in between.
        }
    }

    /// <summary>Writes some bytes.</summary>
    /// <exception cref="IOException">They can't be written.</exception>
    public void Write(ReadOnlySpan<byte> bytes, long position)
    {
        try
        {
            RandomAccess.Write(Handle, bytes, position);
        }
        catch (ArgumentOutOfRangeException exception)
        {
            // How .NET words what Unix calls EFBIG: the file system or the user's limit has no files of this size.
            throw new IOException(exception.Message, exception);
        }
    }

    /// <summary>Whether this file's lock keeps others out. Not every file system has locks.</summary>
    internal bool IsLocked => LeftOvers.IsLocked(_path);

    /// <summary>Flushes the file to the disk and gives it its name; at no moment is anything else under that name.</summary>
    /// <returns>False if the name is taken and must not be.</returns>
    public bool TryMoveTo(string path, bool overwrite)
    {
        RandomAccess.FlushToDisk(Handle);

        // The file stays open until it has its name: its lock keeps those away who clean up.
        if (overwrite)
            File.Move(_path, path, overwrite: true);
        else if (!TryMoveToNew(path))
            return false;

        Dispose();
        return true;
    }

    public void Dispose()
    {
        Handle.Dispose();
        try
        {
            File.Delete(_path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next run removes it. Whatever has led here is more worth telling.
        }
    }

    /// <summary>
    /// Moves to an unused name. On Unix File.Move looks first and then renames, so of two writers both may find
    /// the name free, and the second replaces the work of the first; a hard link is given to one of them only.
    /// </summary>
    private bool TryMoveToNew(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            int error = UnixFiles.Link(_path, path);
            if (error is 0 or UnixFiles.Exists)
                return error == 0;
        }

        // Windows looks and renames in one step. A Unix file system without hard links has none that does.
        if (Path.Exists(path))
            return false;

        try
        {
            File.Move(_path, path);
            return true;
        }
        catch (IOException) when (Path.Exists(path))
        {
            return false;
        }
    }
}
