using Microsoft.Win32.SafeHandles;

namespace ResizeLora.Files;

/// <summary>
/// Temporary files and folders of runs that were killed: known by their names, and by nobody holding the file open, or the
/// file that is a folder's sign of life.
/// </summary>
internal static class LeftOvers
{
    private static readonly int MarkLength = Path.GetRandomFileName().Length;

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
            if (Path.GetFileName(path).Length == 1 + MarkLength + TemporaryFile.Extension.Length)
                TryOpenAlone(path, FileOptions.DeleteOnClose)?.Dispose();
        }

        // The files are gone by now that were a dead run's sign of life.
        foreach (string path in Directory.EnumerateDirectories(folder, $".*{StagedFolder.Extension}"))
        {
            if (Path.GetFileName(path).Length == 1 + MarkLength + StagedFolder.Extension.Length && IsDead(path))
                StagedFolder.Remove(path);
        }

        foreach (string path in Directory.EnumerateDirectories(folder, $".*{StagedFolder.ReplacedExtension}"))
        {
            if (Path.GetFileName(path).Length > 2 + MarkLength + StagedFolder.ReplacedExtension.Length && IsDead(path))
                PutBack(path);
        }
    }

    /// <summary>Whether any process, maybe this one, has a file open.</summary>
    public static bool IsLocked(string path)
    {
        using SafeFileHandle? handle = TryOpenAlone(path, FileOptions.None);
        return handle is null;
    }

    private static bool IsDead(string path) =>
        !File.Exists(Path.Combine(Path.GetDirectoryName(path)!, string.Concat(Path.GetFileName(path).AsSpan(0, 1 + MarkLength), TemporaryFile.Extension)));

    /// <summary>A run was killed before the new folder had the name of the old one, or after.</summary>
    private static void PutBack(string old)
    {
        string path = Path.Combine(Path.GetDirectoryName(old)!, Path.GetFileName(old)[(2 + MarkLength)..^StagedFolder.ReplacedExtension.Length]);
        try
        {
            if (Path.Exists(path))
                StagedFolder.Remove(old);
            else
                Directory.Move(old, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another run was faster, or it stays until the next one.
        }
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
