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
    private readonly Dictionary<string, PlannedOutput> _outputs = new(RealPath.Comparer);

    /// <summary>The folders that outputs go to.</summary>
    public OutputFolders Folders { get; } = new(settings);

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
    public void CheckInAdvance(IEnumerable<(string Path, IReadOnlyList<ResizeRecipe> Recipes)> inputs)
    {
        var planned = new Dictionary<string, PlannedOutput>(RealPath.Comparer);
        foreach ((string path, IReadOnlyList<ResizeRecipe> recipes) in inputs)
        {
            foreach (ResizeRecipe recipe in recipes)
            {
                // The same size recipe twice ends in the same name, whatever its threshold will be.
                var input = AdapterLocation.Of(path);
                string target = Target(input, settings.RecordOf(recipe));
                var output = new PlannedOutput(input, recipe);
                if (!planned.TryAdd(target, output))
                    throw planned[target].CollidesWith(output, target);
            }
        }
    }

    /// <summary>Where an output goes.</summary>
    public string Target(AdapterLocation input, OutputRecord record) => settings.Output.Of(input, OutputName.Words(record));

    /// <summary>Where an output goes, if that is known before the work: a size recipe finds its threshold only by working.</summary>
    public string? TargetInAdvance(AdapterLocation input, OutputRecord record) =>
        double.IsNaN(record.Threshold) && settings.Output.NamesRecipe ? null : Target(input, record);

    /// <summary>Checks that a name is free for an output.</summary>
    /// <param name="target">The output's path.</param>
    /// <param name="input">Where the input is.</param>
    /// <param name="record">How the output is made; asked for where an existing one is compared with it.</param>
    /// <exception cref="ResizeLoraException">The name is an input's, was taken in this call, or exists and must not be replaced.</exception>
    public void Check(string target, AdapterLocation input, Func<OutputRecord> record)
    {
        if (IsInput(target))
            throw WritingFault.WouldOverwriteInput(target);

        if (_outputs.TryGetValue(target, out PlannedOutput? earlier))
            throw earlier.CollidesWith(new PlannedOutput(input, record().Recipe), target);

        // A link that leads nowhere is there too.
        if (!System.IO.Path.Exists(target) && new FileInfo(target).LinkTarget is null)
            return;

        if (!settings.Overwrite)
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

    private ResizeLoraException Exists(string target, AdapterLocation input, Func<OutputRecord> record)
    {
        if (ReplaceableOutput.WhatElse(target, input.IsFolder) is { } kind)
            return WritingFault.ForeignFileExists(target, kind);
        if (!settings.SkipExisting)
            return SafetensorsFault.OutputExists(target);

        return ExistingOutputs.Recorded(target) is { } recorded
            ? WritingFault.OutputDiffers(target, record().DifferencesFrom(recorded))
            : WritingFault.OutputUnknown(target);
    }

    /// <summary>One file may have several names: hard links, and what differs in nothing that the file system looks at.</summary>
    private void CheckFile(string target, AdapterLocation input, Func<OutputRecord> record)
    {
        if (FileStatus.Of(target) is not { } file)
            return;

        if (_inputFiles.Exists(file.IsSameFile))
            throw WritingFault.WouldOverwriteInput(target);

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
                ? WritingFault.SameWork(target, ToString(), other.ToString())
                : WritingFault.SameName(target, ToString(), other.ToString());

        public override string ToString() => $"'{Input.Path}' by '{Recipe}'";
    }
}
