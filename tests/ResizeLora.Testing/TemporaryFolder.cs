namespace ResizeLora.Testing;

/// <summary>A folder that is gone after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("resizelora-").FullName;

    /// <summary>Names of all files in it, hidden ones too.</summary>
    public IEnumerable<string> FileNames => Directory
        .EnumerateFiles(Path, "*", new EnumerationOptions { AttributesToSkip = 0 })
        .Select(file => System.IO.Path.GetFileName(file))
        .Order(StringComparer.Ordinal);

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
