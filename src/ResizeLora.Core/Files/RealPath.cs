namespace ResizeLora.Files;

/// <summary>Where a path leads in the end, when it or a folder on the way is a link.</summary>
internal static class RealPath
{
    /// <summary>As many links as Linux follows before it speaks of a loop.</summary>
    private const int MostLinks = 40;

    /// <summary>
    /// How paths are compared. A false match costs an error message; a false difference could cost a
    /// file, so only where case always matters it does here.
    /// </summary>
    public static StringComparer Comparer { get; } =
        OperatingSystem.IsLinux() ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase;

    /// <summary>Whether two paths are the same file, though one may lead there through links or be another name of it.</summary>
    public static bool Same(string left, string right) =>
        Comparer.Equals(Resolve(left), Resolve(right))
        || (FileStatus.Of(left) is { } file && FileStatus.Of(right) is { } other && file.IsSameFile(other));

    /// <summary>The full path without links; of a path that does not exist, as far as it exists.</summary>
    public static string Resolve(string path) => Resolve(Path.GetFullPath(path), MostLinks);

    private static string Resolve(string full, int links)
    {
        if (links == 0 || Path.GetDirectoryName(full) is not { } parent)
            return full;

        var here = new FileInfo(Path.Combine(Resolve(parent, links), Path.GetFileName(full)));
        return here.LinkTarget is { } target
            ? Resolve(Path.GetFullPath(Path.Combine(here.DirectoryName!, target)), links - 1)
            : here.FullName;
    }
}
