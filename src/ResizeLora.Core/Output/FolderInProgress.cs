using ResizeLora.Adapters;
using ResizeLora.Files;
using ResizeLora.Safetensors;

namespace ResizeLora.Output;

/// <summary>The folder of a PEFT adapter that is being written: it appears under its name when both its files are whole.</summary>
internal sealed class FolderInProgress : IDisposable
{
    private readonly string _path;
    private readonly StagedFolder _folder;

    private FolderInProgress(string path, StagedFolder folder)
    {
        _path = path;
        _folder = folder;
    }

    /// <summary>Where the tensors go.</summary>
    public string Weights => Path.Combine(_folder.Path, AdapterLocation.WeightsName);

    /// <exception cref="ResizeLoraException">No folder can be created next to it.</exception>
    public static FolderInProgress Create(string path) =>
        Guard(path, () => new FolderInProgress(path, StagedFolder.Create(Path.GetDirectoryName(path)!)));

    /// <summary>Adds the configuration and gives the folder its name.</summary>
    /// <exception cref="ResizeLoraException">The name is taken and must not be, or writing failed.</exception>
    public void Commit(byte[] configuration, bool overwrite)
    {
        bool done = Guard(_path, () =>
        {
            using (FileStream file = File.Create(Path.Combine(_folder.Path, AdapterLocation.ConfigurationName)))
            {
                file.Write(configuration);
                file.Flush(flushToDisk: true);
            }

            return _folder.TryMoveTo(_path, overwrite);
        });
        if (!done)
            throw SafetensorsErrors.OutputExists(_path);
    }

    public void Dispose() => _folder.Dispose();

    private static T Guard<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw SafetensorsErrors.WriteFailed(path, exception);
        }
    }
}
