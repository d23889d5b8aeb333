using ResizeLora.Adapters;
using ResizeLora.Files;
using ResizeLora.Output;
using ResizeLora.Safetensors;

namespace ResizeLora.Pipeline;

/// <summary>
/// What may be written where: no file that this call reads or has written, nothing that exists unless it may be replaced, and only
/// folders that can be written to.
/// </summary>
internal sealed class OutputGuard(ResizeOptions options)
{
    private readonly HashSet<string> _inputs = new(RealPath.Comparer);
    private readonly List<FileStatus> _inputFiles = [];
    private readonly Dictionary<string, PlannedOutput> _outputs = new(RealPath.Comparer);
    private readonly HashSet<string> _folders = new(RealPath.Comparer);

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

    /// <summary>Whether this call has written a file, or is about to.</summary>
    public bool IsOutput(string path) => _outputs.ContainsKey(path);

    /// <summary>Finds outputs of the same name before any work, as far as names are known by then.</summary>
    public void CheckInAdvance(IEnumerable<AdapterTask> tasks)
    {
        var planned = new Dictionary<string, PlannedOutput>(RealPath.Comparer);
        foreach (AdapterTask task in tasks)
        {
            var input = AdapterLocation.Of(task.Path);
            foreach ((ResizeRecipe recipe, _) in task.Outputs)
            {
                // The same size recipe twice ends in the same name, whatever its threshold will be.
                string target = options.Output.For(input, options.RecordOf(recipe));
                var output = new PlannedOutput(input, recipe);
                if (!planned.TryAdd(target, output))
                    throw planned[target].CollidesWith(output, target);
            }
        }
    }

    /// <summary>Where an output is written, if that is known before the work: a size recipe finds its threshold only by working.</summary>
    public string? TargetInAdvance(AdapterLocation input, OutputRecord record) =>
        record.Threshold is null && options.Output.NamesRecipe ? null : options.Output.For(input, record);

    /// <summary>Checks that a name is free for an output.</summary>
    /// <param name="target">The output's path.</param>
    /// <param name="input">Where the input is.</param>
    /// <param name="record">How the output is made; evaluated only to compare it with an existing one.</param>
    /// <exception cref="ResizeLoraException">The name is an input's, was taken in this call, or exists and must not be replaced.</exception>
    public void Check(string target, AdapterLocation input, Func<OutputRecord> record)
    {
        if (IsInput(target))
            throw OutputErrors.WouldOverwriteInput(target);

        if (_outputs.TryGetValue(target, out PlannedOutput? earlier))
            throw earlier.CollidesWith(new PlannedOutput(input, record().Recipe), target);

        // A link that leads nowhere is there too.
        if (!System.IO.Path.Exists(target) && new FileInfo(target).LinkTarget is null)
            return;

        if (!options.Overwrite)
            throw Exists(target, input, record);

        CheckFile(target, input, record);
        ReplaceableOutput.Ensure(target, input.IsFolder);
    }

    /// <summary>Takes a name for an output, once its threshold is known.</summary>
    /// <exception cref="ResizeLoraException">The name is not free.</exception>
    public void Claim(string target, AdapterLocation input, OutputRecord record)
    {
        Check(target, input, () => record);
        _outputs[target] = new PlannedOutput(input, record.Recipe);
    }

    /// <summary>Sees to it that files can be made in a folder, before hours of work turn out to be in vain.</summary>
    /// <returns>False if the user does not want the folder to be created.</returns>
    /// <exception cref="IOException">They can't.</exception>
    /// <exception cref="UnauthorizedAccessException">They must not.</exception>
    public bool PrepareFolder(string folder, IJobHost host)
    {
        if (_folders.Contains(folder))
            return true;

        // With -WhatIf every answer is no, and the user wants to see the remaining steps.
        bool isWanted = Directory.Exists(folder) || host.MayCreateFolder(folder);
        if (!isWanted && !options.IsRehearsal)
            return false;

        if (!options.IsRehearsal)
        {
            Directory.CreateDirectory(folder);
            SafetensorsWriter.TryFolder(folder);
        }

        _folders.Add(folder);
        return true;
    }

    private ResizeLoraException Exists(string target, AdapterLocation input, Func<OutputRecord> record)
    {
        if (ReplaceableOutput.WhatElse(target, input.IsFolder) is { } kind)
            return OutputErrors.ForeignFileExists(target, kind);
        if (!options.SkipExisting)
            return SafetensorsErrors.OutputExists(target);

        return ExistingOutputs.Recorded(target) is { } recorded
            ? OutputErrors.OutputDiffers(target, record().DifferencesFrom(recorded))
            : OutputErrors.OutputUnknown(target);
    }

    /// <summary>One file may have several names: hard links, and what differs in nothing that the file system looks at.</summary>
    private void CheckFile(string target, AdapterLocation input, Func<OutputRecord> record)
    {
        if (FileStatus.Of(target) is not { } file)
            return;

        if (_inputFiles.Exists(file.IsSameFile))
            throw OutputErrors.WouldOverwriteInput(target);

        foreach ((string path, PlannedOutput earlier) in _outputs)
        {
            if (string.Equals(path, target, StringComparison.OrdinalIgnoreCase) && FileStatus.Of(path) is { } output && output.IsSameFile(file))
                throw earlier.CollidesWith(new PlannedOutput(input, record().Recipe), target);
        }
    }

    private sealed record PlannedOutput(AdapterLocation Input, ResizeRecipe Recipe)
    {
        public ResizeLoraException CollidesWith(PlannedOutput other, string target) =>
            Input == other.Input && Recipe.IsEquivalentTo(other.Recipe)
                ? OutputErrors.SameWork(target, ToString(), other.ToString())
                : OutputErrors.SameName(target, ToString(), other.ToString());

        public override string ToString() => $"'{Input.Path}' by '{Recipe}'";
    }
}
