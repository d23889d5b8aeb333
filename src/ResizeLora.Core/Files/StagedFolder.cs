namespace ResizeLora.Files;

/// <summary>
/// A folder in the making, as <see cref="TemporaryFile"/> is a file in the making. It appears under its name with all that
/// was put into it. Its sign of life is a temporary file next to it, for a folder can't be locked.
/// </summary>
internal sealed class StagedFolder : IDisposable
{
    /// <summary>The extension of an unfinished folder; the rest of its name is that of its sign of life.</summary>
    public const string Extension = ".resizelora.folder";

    /// <summary>How a folder ends that is just being replaced, where the system can't exchange two folders.</summary>
    public const string ReplacedExtension = ".resizelora.old";

    private readonly TemporaryFile _life;

    private StagedFolder(TemporaryFile life, string path)
    {
        _life = life;
        Path = path;
    }

    /// <summary>Where the folder is until it has its name.</summary>
    public string Path { get; }

    /// <summary>Makes an empty folder in another one, and first removes there what killed runs left.</summary>
    /// <exception cref="IOException">The other folder is missing.</exception>
    /// <exception cref="UnauthorizedAccessException">The other folder is not writable.</exception>
    public static StagedFolder Create(string parent)
    {
        var life = TemporaryFile.Create(parent, 0);
        try
        {
            string path = System.IO.Path.Combine(parent, $".{life.Mark}{Extension}");
            Directory.CreateDirectory(path);
            return new StagedFolder(life, path);
        }
        catch
        {
            life.Dispose();
            throw;
        }
    }

    /// <summary>Gives the folder its name.</summary>
    /// <param name="path">The name.</param>
    /// <param name="overwrite">Whether a folder of that name is replaced.</param>
    /// <param name="canExchange">Whether to try an exchange in one step; not every file system knows it.</param>
    /// <returns>False if the name is taken and must not be.</returns>
    /// <exception cref="IOException">It can't be done. What was under the name is there still.</exception>
    public bool TryMoveTo(string path, bool overwrite, bool canExchange = true)
    {
        if (overwrite && Directory.Exists(path))
        {
            if (!canExchange || !TryExchange(Path, path))
                MoveAround(path);
        }
        else if (!TryMoveToNew(path))
        {
            return false;
        }

        Dispose();
        return true;
    }

    /// <summary>Removes the folder, or the one that it has replaced, and then its sign of life.</summary>
    public void Dispose()
    {
        Remove(Path);
        _life.Dispose();
    }

    /// <summary>Removes a folder and the files in it, but no folders in it; a link loses its name only.</summary>
    public static void Remove(string path)
    {
        try
        {
            if (new DirectoryInfo(path) is { Exists: true, LinkTarget: null })
            {
                foreach (string file in Directory.EnumerateFiles(path))
                    File.Delete(file);
            }

            Directory.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another run of the same mind was faster, or the next one will do it.
        }
    }

    /// <summary>Of two who want a name, the second finds a folder there that is not empty.</summary>
    private bool TryMoveToNew(string path)
    {
        if (System.IO.Path.Exists(path) || new FileInfo(path).LinkTarget is not null)
            return false;

        try
        {
            Directory.Move(Path, path);
            return true;
        }
        catch (IOException) when (System.IO.Path.Exists(path))
        {
            return false;
        }
    }

    /// <summary>
    /// In two steps: between them nothing has the name, and whoever is killed there leaves the old folder under a name by
    /// which the next run puts it back.
    /// </summary>
    private void MoveAround(string path)
    {
        string old = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path)!, $".{_life.Mark}.{System.IO.Path.GetFileName(path)}{ReplacedExtension}");
        Directory.Move(path, old);
        try
        {
            Directory.Move(Path, path);
        }
        catch
        {
            Directory.Move(old, path);
            throw;
        }

        Remove(old);
    }

    private static bool TryExchange(string left, string right) =>
        OperatingSystem.IsLinux() ? LinuxFiles.TryExchange(left, right)
        : OperatingSystem.IsMacOS() && MacFiles.TryExchange(left, right);
}
