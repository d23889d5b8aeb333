using System.Management.Automation;

namespace ResizeLora.Arguments;

/// <summary>Distinguishes missing paths from inaccessible ones: PowerShell says that both don't exist.</summary>
internal static class ClosedFolder
{
    /// <summary>Why nothing can be seen where a path, perhaps with wildcards, leads; null if nothing is in the way.</summary>
    public static UnauthorizedAccessException? InTheWayOf(string path)
    {
        try
        {
            string? folder = path;
            while (folder is not null && WildcardPattern.ContainsWildcardCharacters(folder))
                folder = Path.GetDirectoryName(folder);
            if (folder is null)
                return null;

            bool isFolder = File.GetAttributes(folder).HasFlag(FileAttributes.Directory);
            if (isFolder && folder != path)
                _ = Directory.EnumerateFileSystemEntries(folder).Any();
            return null;
        }
        catch (UnauthorizedAccessException exception)
        {
            return exception;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
