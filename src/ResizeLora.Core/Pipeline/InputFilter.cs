using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Common;
using ResizeLora.Files;
using ResizeLora.Output;
using ResizeLora.Safetensors;

namespace ResizeLora.Pipeline;

/// <summary>
/// Which of the files of a folder as people have it are to be resized: not the checkpoint, no results of an earlier run,
/// and nothing that this call has made itself, which a folder that is listed while it works may hand in.
/// </summary>
internal sealed class InputFilter(CheckpointFiles? checkpoint, OutputGuard guard, ResizeOptions options, IReporter reporter)
{
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly List<string> _resized = [];
    private string? _checkpoint;
    private bool _hasTaken;

    /// <summary>Whether a file is one to be decomposed; whatever it is, it does no harm to look at it.</summary>
    public bool TakesToDecompose(string path) => !IsCheckpoint(path) && (_hasTaken = true);

    /// <summary>Whether a file is one to be resized.</summary>
    public bool TakesToResize(string path)
    {
        if (!_seen.Add(path) || guard.IsOutput(path) || IsInTheMaking(path) || IsCheckpoint(path))
            return false;

        if (!options.IncludeResized && IsResized(path))
        {
            _resized.Add(path);
            return false;
        }

        return _hasTaken = true;
    }

    /// <summary>Reports at the end which inputs were skipped, if that may surprise the user.</summary>
    public void Report()
    {
        if (_resized.Count > 0)
            ReportResized();
        else if (_checkpoint is not null && !_hasTaken)
            reporter.Warning($"Nothing was done: the only input, '{_checkpoint}', is the checkpoint. Pass the LoRA as the input, and the model it was trained on with -Checkpoint.");
    }

    private bool IsCheckpoint(string path)
    {
        if (checkpoint?.Contains(AdapterLocation.Of(path).Weights) != true)
            return false;

        reporter.Verbose($"'{path}' is the checkpoint; skipped.");
        _checkpoint ??= path;
        return true;
    }

    private void ReportResized()
    {
        int folders = _resized.Count(path => AdapterLocation.Of(path).IsFolder);
        string[] kinds = [.. new[] { (_resized.Count - folders, "file"), (folders, "folder") }.Where(kind => kind.Item1 > 0).Select(kind => Quantity.Of(kind.Item1, kind.Item2))];
        string message = $"Skipped {string.Join(" and ", kinds)} made by an earlier run{(_resized.Count == 1 ? ":" : ", such as")} '{_resized[0]}'. Use -IncludeResized to resize {(_resized.Count == 1 ? "it" : "them")} again.";

        // A folder that is resized every day contains its earlier outputs.
        if (options.SkipExisting)
            reporter.Verbose(message);
        else
            reporter.Warning(message);
    }

    private static bool IsInTheMaking(string path) =>
        Array.Exists([TemporaryFile.Extension, StagedFolder.Extension, StagedFolder.ReplacedExtension], extension => path.EndsWith(extension, StringComparison.Ordinal));

    /// <summary>A file that can't be opened doesn't count; its error is reported when it is processed.</summary>
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
