namespace ResizeLora.Shell;

/// <summary>Where the module is.</summary>
internal static class ModuleManifest
{
    internal const string FileName = "ResizeLora.psd1";
    internal const string EnvironmentVariable = "RESIZELORA_MODULE";

    /// <summary>The manifest that the environment names, or the nearest one in the folders above the program.</summary>
    internal static string Find()
    {
        if (Environment.GetEnvironmentVariable(EnvironmentVariable) is { Length: > 0 } chosen)
        {
            return Path.GetFullPath(chosen);
        }

        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, FileName);
            if (File.Exists(candidate))
            {
                return candidate;
            }
        }

        throw new FileNotFoundException(
            $"{FileName} is in no folder above '{AppContext.BaseDirectory}'. Set {EnvironmentVariable} to its path.", FileName);
    }
}
