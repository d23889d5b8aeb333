namespace ResizeLora.Torch;

/// <summary>Tells whether two paths are the same file, though one may lead there through links, as module folders often do.</summary>
internal static class RealPath
{
    private static readonly StringComparison Comparison = OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    public static bool Same(string left, string right) => string.Equals(Resolve(left), Resolve(right), Comparison);

    private static string Resolve(string path)
    {
        string full = Path.GetFullPath(path);
        if (Path.GetDirectoryName(full) is not { } parent)
        {
            return full;
        }

        FileInfo here = new(Path.Combine(Resolve(parent), Path.GetFileName(full)));
        return here.LinkTarget is { } target ? Resolve(Path.Combine(here.DirectoryName!, target)) : here.FullName;
    }
}
