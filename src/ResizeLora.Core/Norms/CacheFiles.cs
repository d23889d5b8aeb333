namespace ResizeLora.Norms;

/// <summary>
/// Small files that several processes share: read whole, replaced whole, updated one process at a time.
/// The cache is a convenience: a problem with it is a warning and never stops the work.
/// </summary>
internal static class CacheFiles
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>The content of a file, or null where there is none to be had.</summary>
    public static byte[]? TryRead(string path, Action<string> warn)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            warn($"The cache file '{path}' can't be read: {exception.Message}");
            return null;
        }
    }

    /// <summary>Replaces a file by what <paramref name="content"/> makes of it, while no other process does so.</summary>
    public static void Update(string path, Action<string> warn, Func<byte[]> content)
    {
        string temporaryPath = $"{path}.{Path.GetRandomFileName()}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using FileStream gate = Lock(path + ".lock");
            File.WriteAllBytes(temporaryPath, content());
            File.Move(temporaryPath, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            warn($"The cache file '{path}' can't be written: {exception.Message} The norms will be computed again next time.");
            DeleteIfThere(temporaryPath);
        }
    }

    /// <summary>Removes a file and its lock.</summary>
    public static void Delete(string path)
    {
        DeleteIfThere(path);
        DeleteIfThere(path + ".lock");
    }

    private static void DeleteIfThere(string path)
    {
        if (File.Exists(path))
            File.Delete(path);
    }

    /// <summary>The lock is the open handle, not the file: it ends with the process, however that ends.</summary>
    private static FileStream Lock(string path)
    {
        DateTime deadline = DateTime.UtcNow + Patience;
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (DateTime.UtcNow < deadline)
            {
                Thread.Sleep(Pause);
            }
        }
    }
}
