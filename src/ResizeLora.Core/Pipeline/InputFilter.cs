using ResizeLora.Files;
using ResizeLora.Pairing;
using ResizeLora.Peft;
using ResizeLora.Safetensors;
using ResizeLora.Writing;

namespace ResizeLora.Pipeline;

/// <summary>
/// Which of the files of a folder as people have it are to be resized: not the checkpoint, no results of an earlier run,
/// and nothing that this call has made itself, which a folder that is listed while it works may hand in.
/// </summary>
internal sealed class InputFilter(CheckpointFiles? checkpoint, bool includeResized, bool runsAgain, OutputGuard guard, IPipelineObserver observer)
{
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly List<string> _resized = [];
    private string? _checkpoint;
    private bool _hasTaken;

    /// <summary>Whether a file is one to be resized.</summary>
    public bool Takes(string path)
    {
        if (!_seen.Add(path) || guard.IsOutput(path) || IsInTheMaking(path))
            return false;

        if (checkpoint?.Contains(AdapterLocation.Of(path).Weights) == true)
        {
            observer.Verbose($"'{path}' is the checkpoint; skipped.");
            _checkpoint ??= path;
            return false;
        }

        if (!includeResized && IsResized(path))
        {
            _resized.Add(path);
            return false;
        }

        return _hasTaken = true;
    }

    /// <summary>Says at the end what was not taken, as far as somebody may wonder.</summary>
    public void Report()
    {
        if (_resized.Count > 0)
            ReportResized();
        else if (_checkpoint is not null && !_hasTaken)
            observer.Warning(OnlyCheckpoint(_checkpoint));
    }

    private void ReportResized()
    {
        int folders = _resized.Count(path => AdapterLocation.Of(path).IsFolder);
        string[] kinds = [.. new[] { (_resized.Count - folders, "file"), (folders, "folder") }.Where(kind => kind.Item1 > 0).Select(kind => Quantity.Of(kind.Item1, kind.Item2))];
        string message = $"Skipped {string.Join(" and ", kinds)} made by an earlier run{(_resized.Count == 1 ? ":" : ", such as")} '{_resized[0]}'. Use -IncludeResized to resize {(_resized.Count == 1 ? "it" : "them")} again.";

        // Whoever resizes a folder every day has its outputs in it.
        if (runsAgain)
            observer.Verbose(message);
        else
            observer.Warning(message);
    }

    /// <summary>Why nothing was done where the checkpoint was the only input.</summary>
    public static string OnlyCheckpoint(string path) =>
        $"Nothing was done: the only input, '{path}', is the checkpoint. Name the LoRA as the input, and the model that it was trained on with -Checkpoint.";

    private static bool IsInTheMaking(string path) =>
        Array.Exists([TemporaryFile.Extension, StagedFolder.Extension, StagedFolder.ReplacedExtension], extension => path.EndsWith(extension, StringComparison.Ordinal));

    /// <summary>A file that can't be opened is none; its error comes when its turn comes.</summary>
    private static bool IsResized(string path)
    {
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(AdapterLocation.Of(path).Weights);
            return OutputMetadata.IsResized(file.Header);
        }
        catch (ResizeLoraException)
        {
            return false;
        }
    }
}
