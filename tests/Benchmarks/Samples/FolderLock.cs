using ResizeLora.Benchmarks.CommandLine;

namespace ResizeLora.Benchmarks.Samples;

/// <summary>Keeps a second run off the same folder: each would disturb the other's times, and clear away its outputs.</summary>
internal sealed class FolderLock : IDisposable
{
    private readonly FileStream _file;

    /// <exception cref="UsageException">Another run has the folder.</exception>
    public FolderLock(string folder)
    {
        Directory.CreateDirectory(folder);
        try
        {
            _file = new FileStream(Path.Combine(folder, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (IOException exception)
        {
            throw new UsageException($"Another run uses '{folder}': {exception.Message}");
        }
    }

    public void Dispose() => _file.Dispose();
}
