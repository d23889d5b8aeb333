using ResizeLora.Common;

namespace ResizeLora.Files;

/// <summary>
/// Small files that several processes share: read whole, replaced whole, updated one process at a time.
/// The cache is a convenience: a problem with it is a warning and never stops the work.
/// </summary>
internal static class CacheFiles
{
    private const string LockName = ".lock";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>The content of a file, or null if there is none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="reporter">Receives warnings about it; null if they were given before.</param>
    public static byte[]? TryRead(string path, IReporter? reporter)
    {
        try
        {
            byte[]? content = SealedText.Open(File.ReadAllBytes(path));
            if (content is null)
                reporter?.Warning($"The cache file '{path}' is damaged or from another version; it is ignored and will be rebuilt.");
            return content;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            reporter?.Warning($"The cache file '{path}' can't be read: {exception.Message}");
            return null;
        }
    }

    /// <summary>Replaces a file by what <paramref name="content"/> makes of it, while no other process does so. Who cancels does not wait for others.</summary>
    public static void Update(string path, IReporter reporter, CancellationToken cancellation, Func<byte[]> content) =>
        WhileLocked(path, reporter, cancellation, "written", () =>
        {
            using TemporaryFile file = TemporaryFile.Create(Path.GetDirectoryName(path)!, 0);
            file.Write(SealedText.Seal(content()), 0);
            file.TryMoveTo(path, overwrite: true);
        });

    /// <summary>Removes a file.</summary>
    /// <returns>Whether it is gone.</returns>
    public static bool Delete(string path, IReporter reporter, CancellationToken cancellation) =>
        !File.Exists(path) || WhileLocked(path, reporter, cancellation, "removed", () => File.Delete(path));

    private static bool WhileLocked(string path, IReporter reporter, CancellationToken cancellation, string purpose, Action work)
    {
        try
        {
            string folder = Directory.CreateDirectory(Path.GetDirectoryName(path)!).FullName;
            using FileStream gate = Lock(Path.Combine(folder, LockName), cancellation);
            work();
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            reporter.Warning($"The cache file '{path}' can't be {purpose}: {exception.Message}");
            return false;
        }
    }

    /// <summary>
    /// Waits for the lock of a folder. It is the open handle, not the file: it ends with the process, however that ends.
    /// The file stays, as a lock on a file that is removed meanwhile would be useless.
    /// </summary>
    private static FileStream Lock(string path, CancellationToken cancellation)
    {
        DateTime deadline = DateTime.UtcNow + Patience;
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException exception) when (SharingViolation.Is(exception) && DateTime.UtcNow < deadline && !cancellation.IsCancellationRequested)
            {
                Thread.Sleep(Pause);
            }
        }
    }
}
