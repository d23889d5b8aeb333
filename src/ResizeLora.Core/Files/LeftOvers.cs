using Microsoft.Win32.SafeHandles;

namespace ResizeLora.Files;

/// <summary>Temporary files of runs that were killed: known by their names, and by nobody holding them open.</summary>
internal static class LeftOvers
{
    private static readonly int NameLength = 1 + Path.GetRandomFileName().Length + TemporaryFile.Extension.Length;

    /// <summary>
    /// Removes what killed runs left in a folder. Nothing a living process works on is touched: its lock keeps this one out.
    /// Where locks don't hold, as a file of our own shows, nothing is removed.
    /// </summary>
    /// <exception cref="IOException">No files can be made in the folder.</exception>
    /// <exception cref="UnauthorizedAccessException">No files may be made in the folder.</exception>
    public static void Remove(string folder)
    {
        using TemporaryFile own = TemporaryFile.CreateOnly(folder, 0);
        if (!own.IsLocked)
            return;

        foreach (string path in Directory.EnumerateFiles(folder, $".*{TemporaryFile.Extension}"))
        {
            if (Path.GetFileName(path).Length == NameLength)
                TryOpenAlone(path, FileOptions.DeleteOnClose)?.Dispose();
        }
    }

    /// <summary>Whether somebody, maybe this process, holds a file open.</summary>
    public static bool IsLocked(string path)
    {
        using SafeFileHandle? handle = TryOpenAlone(path, FileOptions.None);
        return handle is null;
    }

    private static SafeFileHandle? TryOpenAlone(string path, FileOptions options)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, options);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
