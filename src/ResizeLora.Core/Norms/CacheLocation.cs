using ResizeLora.Common;

namespace ResizeLora.Norms;

/// <summary>Where norms and hashes are kept: in the folder that the environment names, else in the user's cache folder.</summary>
internal static class CacheLocation
{
    /// <summary>The full path of the folder, which need not exist; null if there is none, which is a warning, not an error.</summary>
    /// <param name="resolve">Makes the full path of one that a user may type; null if it is not on disk.</param>
    /// <param name="reporter">Receives a warning that says why there is none.</param>
    public static string? Find(Func<string, string?> resolve, IReporter reporter)
    {
        if (Environment.GetEnvironmentVariable(NormCache.FolderVariable) is { } named && !string.IsNullOrWhiteSpace(named))
        {
            string? folder = resolve(named);
            if (folder is null)
                reporter.Warning($"No norm cache is used: {NormCache.FolderVariable} is '{named}', which is not a folder on disk. Set it to a folder.");
            return folder;
        }

        string? caches = UserCaches();
        if (caches is null)
            reporter.Warning($"No norm cache is used: there is no home folder to keep it in. Set {NormCache.FolderVariable} to a folder.");
        return caches is null ? null : Path.Combine(caches, "ResizeLora");
    }

    /// <summary>Makes a folder where it is missing.</summary>
    /// <returns>Whether it is there.</returns>
    public static bool Make(string folder, IReporter reporter)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            reporter.Warning($"No norm cache is used: the folder '{folder}' can't be made: {exception.Message} Set {NormCache.FolderVariable} to another folder.");
            return false;
        }
    }

    private static string? UserCaches()
    {
        if (OperatingSystem.IsWindows())
            return Existing(Environment.SpecialFolder.LocalApplicationData);

        // A path that is not absolute is to be ignored, says the XDG Base Directory Specification.
        if (!OperatingSystem.IsMacOS() && Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { } xdg && Path.IsPathFullyQualified(xdg))
            return xdg;

        return Existing(Environment.SpecialFolder.UserProfile) is { } home
            ? Path.Combine(home, OperatingSystem.IsMacOS() ? Path.Combine("Library", "Caches") : ".cache")
            : null;
    }

    private static string? Existing(Environment.SpecialFolder folder) =>
        Environment.GetFolderPath(folder) is { } path && Path.IsPathFullyQualified(path) ? path : null;
}
