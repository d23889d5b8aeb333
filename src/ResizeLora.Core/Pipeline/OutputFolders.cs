using ResizeLora.Common;
using ResizeLora.Files;
using ResizeLora.Safetensors;

namespace ResizeLora.Pipeline;

/// <summary>The folders that outputs go to: created where missing, and tried before hours of work turn out to be in vain.</summary>
internal sealed class OutputFolders(PipelineSettings settings)
{
    private readonly HashSet<string> _ready = new(RealPath.Comparer);

    /// <summary>Sees to it that files can be made in a folder.</summary>
    /// <returns>False if the user does not want the folder to be created.</returns>
    /// <exception cref="IOException">They can't.</exception>
    /// <exception cref="UnauthorizedAccessException">They must not.</exception>
    public bool Prepare(string folder, IPipelineObserver observer)
    {
        if (_ready.Contains(folder))
            return true;

        // Who is asked for a rehearsal says no to everything, and wants to see how it goes on.
        bool isWanted = Directory.Exists(folder) || observer.MayCreateFolder(folder);
        if (!isWanted && !settings.IsRehearsal)
            return false;

        if (!settings.IsRehearsal)
        {
            Directory.CreateDirectory(folder);
            SafetensorsWriter.TryFolder(folder);
        }

        _ready.Add(folder);
        return true;
    }
}
