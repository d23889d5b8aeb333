namespace ResizeLora.Cmdlet.Tests.Large;

/// <summary>A test on files of real size, about 7 GB; runs where the environment names a folder for them.</summary>
internal sealed class LargeFactAttribute : FactAttribute
{
    public const string FolderVariable = "RESIZELORA_LARGE_FILES";

    public LargeFactAttribute()
    {
        if (string.IsNullOrEmpty(Folder))
            Skip = $"Set {FolderVariable} to a folder with 8 GB free to run this test.";
    }

    public static string? Folder => Environment.GetEnvironmentVariable(FolderVariable);
}
