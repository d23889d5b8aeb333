using ResizeLora.Files;
using ResizeLora.Peft;
using ResizeLora.Safetensors;
using ResizeLora.Writing;

namespace ResizeLora.Pipeline;

/// <summary>Knows every file that this call reads or has written, so that none of them is ever overwritten.</summary>
internal sealed class OutputGuard(PipelineSettings settings)
{
    private readonly HashSet<string> _inputs = new(RealPath.Comparer);
    private readonly List<FileStatus> _inputFiles = [];
    private readonly Dictionary<string, string> _outputs = new(RealPath.Comparer);

    /// <summary>Protects what is read: a file, or the folder of an adapter and the files in it.</summary>
    public void AddInput(string path)
    {
        foreach (string part in AdapterLocation.Of(path).Paths)
        {
            if (_inputs.Add(RealPath.Resolve(part)) && FileStatus.Of(part) is { } status)
                _inputFiles.Add(status);
        }
    }

    public bool IsInput(string path) => _inputs.Contains(RealPath.Resolve(path));

    /// <summary>Finds outputs of the same name before any work, as far as names are known by then.</summary>
    public void CheckInAdvance(IEnumerable<(string Path, IReadOnlyList<ResizeRecipe> Recipes)> inputs)
    {
        var planned = new Dictionary<string, string>(RealPath.Comparer);
        foreach ((string path, IReadOnlyList<ResizeRecipe> recipes) in inputs)
        {
            foreach (ResizeRecipe recipe in recipes)
            {
                // The same size recipe twice ends in the same name, whatever its threshold will be.
                var location = AdapterLocation.Of(path);
                string target = OutputName.InAdvance(location.Name, recipe, settings.RankLimits) is { } name
                    ? Target(path, location.OutputName(name))
                    : Target(path, location.OutputName(OutputName.For(location.Name, recipe, settings.RankLimits, double.NaN)));
                string description = Describe(path, recipe);
                if (!planned.TryAdd(target, description))
                    throw WritingFault.SameName(target, planned[target], description);
            }
        }
    }

    /// <summary>Where an output goes.</summary>
    public string Target(string inputPath, string outputName) =>
        System.IO.Path.Combine(FolderOf(inputPath), outputName);

    /// <summary>The folder that an input's outputs go to.</summary>
    public string FolderOf(string inputPath) => settings.Destination ?? System.IO.Path.GetDirectoryName(inputPath) ?? inputPath;

    /// <summary>Checks that a name is free for an output.</summary>
    /// <exception cref="ResizeLoraException">The name is an input's, was taken in this call, or exists and must not be replaced.</exception>
    public void Check(string target, string inputPath, ResizeRecipe recipe)
    {
        if (IsInput(target))
            throw WritingFault.WouldOverwriteInput(target);

        if (_outputs.TryGetValue(target, out string? earlier))
            throw WritingFault.SameName(target, earlier, Describe(inputPath, recipe));

        // A link that leads nowhere is there too.
        if (!System.IO.Path.Exists(target) && new FileInfo(target).LinkTarget is null)
            return;

        if (!settings.Overwrite)
            throw SafetensorsFault.OutputExists(target);

        CheckFile(target, inputPath, recipe);
        if (!AdapterLocation.Of(inputPath).IsFolder)
            return;

        if (!Directory.Exists(target))
            throw WritingFault.FileInTheWay(target);
        if (AdapterLocation.ForeignEntry(target) is { } entry)
            throw WritingFault.FolderHoldsMore(target, entry);
    }

    /// <summary>Takes a name for an output, once its threshold is known.</summary>
    /// <exception cref="ResizeLoraException">The name is not free.</exception>
    public void Claim(string target, string inputPath, ResizeRecipe recipe)
    {
        Check(target, inputPath, recipe);
        _outputs[target] = Describe(inputPath, recipe);
    }

    /// <summary>One file may have several names: hard links, and what differs in nothing that the file system looks at.</summary>
    private void CheckFile(string target, string inputPath, ResizeRecipe recipe)
    {
        if (FileStatus.Of(target) is not { } file)
            return;

        if (_inputFiles.Exists(file.IsSameFile))
            throw WritingFault.WouldOverwriteInput(target);

        foreach ((string path, string earlier) in _outputs)
        {
            if (string.Equals(path, target, StringComparison.OrdinalIgnoreCase) && FileStatus.Of(path) is { } output && output.IsSameFile(file))
                throw WritingFault.SameName(target, earlier, Describe(inputPath, recipe));
        }
    }

    private static string Describe(string path, ResizeRecipe recipe) => $"'{path}' by '{recipe}'";
}
