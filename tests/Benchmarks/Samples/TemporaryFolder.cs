namespace ResizeLora.Benchmarks.Samples;

/// <summary>An empty folder, which goes with all that is in it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder(string path)
    {
        Path = path;
        Delete();
        Directory.CreateDirectory(path);
    }

    public string Path { get; }

    public void Dispose() => Delete();

    private void Delete()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }
}
