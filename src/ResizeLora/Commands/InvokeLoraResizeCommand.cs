using System.Management.Automation;
using ResizeLora.Arguments;
using ResizeLora.Completion;
using ResizeLora.Errors;
using ResizeLora.Norms;
using ResizeLora.Pairing;
using ResizeLora.Peft;
using ResizeLora.Pipeline;
using ResizeLora.Safetensors;
using ResizeLora.Selection;
using ResizeLora.Writing;

namespace ResizeLora.Commands;

/// <summary>Writes resized LoRAs, from files or from layers that were decomposed before.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "LoraResize", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(ResizeResult))]
public sealed class InvokeLoraResizeCommand : PipelineCommand
{
    private const string LayerSet = "Layer";

    // More than any adapter has; a slip of the finger must not fill a disk with zeros.
    private const int LargestRank = 4096;

    private readonly List<string> _files = [];
    private readonly List<DecomposedLayer> _layers = [];

    /// <summary>Layers from Get-LoraSpectrum, as a rule with recipes attached by New-ResizeRecipe.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = LayerSet)]
    [ValidateNotNull]
    public DecomposedLayer[] InputObject { get; set; } = [];

    /// <summary>What to keep: recipes as text or as objects; several make several outputs.</summary>
    [Parameter]
    [RecipeTransformation]
    [ArgumentCompleter(typeof(RecipeCompleter))]
    [ValidateNotNullOrEmpty]
    public ResizeRecipe[]? Recipe { get; set; }

    /// <summary>The folder for the outputs, made if missing; by default each input's own folder.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>The number format of the outputs.</summary>
    [Parameter]
    public ResizePrecision Precision { get; set; } = ResizePrecision.Float16;

    /// <summary>What happens to layers that the checkpoint does not have.</summary>
    [Parameter]
    public UnmatchedLayer UnmatchedLayer { get; set; } = UnmatchedLayer.Keep;

    /// <summary>One rank for layers that loaders fuse: queries, keys and values.</summary>
    [Parameter]
    public SwitchParameter EqualRank { get; set; }

    /// <summary>What the rank of every layer is a multiple of.</summary>
    [Parameter]
    [ValidateRange(1, LargestRank)]
    [ArgumentCompleter(typeof(RankCompleter))]
    public int? RankMultiple { get; set; }

    /// <summary>The largest rank that a layer may have.</summary>
    [Parameter]
    [ValidateRange(1, LargestRank)]
    [ArgumentCompleter(typeof(RankCompleter))]
    public int? MaxRank { get; set; }

    /// <summary>The rank of every layer.</summary>
    [Parameter]
    [ValidateRange(1, LargestRank)]
    [ArgumentCompleter(typeof(RankCompleter))]
    public int? Rank { get; set; }

    /// <summary>Resizes results of an earlier run too.</summary>
    [Parameter]
    public SwitchParameter IncludeResized { get; set; }

    /// <summary>Skips an output that exists and was made from the same input by the same recipe, as its metadata says.</summary>
    [Parameter]
    public SwitchParameter SkipExisting { get; set; }

    /// <summary>Overwrites outputs that exist; never an input or the checkpoint.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private RankLimits RankLimits => new(EqualRank, RankMultiple, MaxRank, Rank);

    /// <inheritdoc/>
    protected override void BeginProcessing() => ForCall(() =>
    {
        RankLimits.Check();
        return true;
    });

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        // All inputs are known before the work begins, so that two outputs of one name are found in time.
        if (ParameterSetName == LayerSet)
            _layers.AddRange(InputObject);
        else
            _files.AddRange(ResolveFiles());
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        CheckpointFiles? checkpointFiles = FindCheckpoint();
        List<(string Path, IReadOnlyList<WorkItem> Items)> work = ParameterSetName == LayerSet
            ? WorkOnLayers(ref checkpointFiles)
            : WorkOnFiles(checkpointFiles);
        if (work.Count == 0)
            return;

        PipelineSettings settings = CreateSettings();
        OutputGuard guard = CreateGuard(settings, work, checkpointFiles);
        using BaseCheckpoint? checkpoint = checkpointFiles is null ? null : OpenCheckpoint(checkpointFiles);
        if (settings.Destination is not null)
            ForCall(() => PrepareDestination(settings.Destination));

        Progress.FileCount = work.Count;
        foreach ((string path, IReadOnlyList<WorkItem> items) in work)
        {
            ForEachItem(path, () =>
            {
                var pipeline = new ResizePipeline(Engine, checkpoint, settings, guard, this, Stop);
                IEnumerable<ResizeResult> results = items[0].Layers is null
                    ? pipeline.Resize(path, [.. items.Select(item => item.Recipe)])
                    : pipeline.Resize(path, [.. items.Select(item => (item.Recipe, item.Layers!))]);
                foreach (ResizeResult result in results)
                    WriteObject(result);
            });
            Progress.FilesDone++;
        }

        Progress.Complete();
    }

    private PipelineSettings CreateSettings() => new()
    {
        Precision = Precision,
        UnmatchedLayer = UnmatchedLayer,
        RankLimits = RankLimits,
        Overwrite = Force,
        SkipExisting = SkipExisting,
        CacheFolder = CacheFolder,
        Destination = Destination is null ? null : ResolveSingle(Destination),
        Workers = ThrottleLimit,
    };

    private OutputGuard CreateGuard(PipelineSettings settings, List<(string Path, IReadOnlyList<WorkItem> Items)> work, CheckpointFiles? checkpoint)
    {
        var guard = new OutputGuard(settings);
        foreach ((string path, _) in work)
            guard.AddInput(path);
        foreach (string path in checkpoint?.All ?? [])
            guard.AddInput(path);

        return ForCall(() =>
        {
            guard.CheckInAdvance(work.Select(file => (file.Path, (IReadOnlyList<ResizeRecipe>)[.. file.Items.Select(item => item.Recipe)])));
            return guard;
        });
    }

    /// <summary>Each file with each recipe.</summary>
    private List<(string Path, IReadOnlyList<WorkItem> Items)> WorkOnFiles(CheckpointFiles? checkpoint)
    {
        ResizeRecipe[] recipes = [.. (Recipe ?? [ResizeRecipe.Default]).Distinct()];
        if (checkpoint is null && recipes.FirstOrDefault(recipe => recipe.NeedsCheckpoint) is { } recipe)
            ThrowTerminatingError(ErrorRecords.CheckpointNeeded(recipe));

        WorkItem[] items = [.. recipes.Select(recipe => new WorkItem(recipe, null))];
        return [.. WithoutSkipped(_files.Distinct(), checkpoint).Select(path => (path, (IReadOnlyList<WorkItem>)items))];
    }

    /// <summary>Each file that the layers are from, with each recipe and the layers that it is attached to.</summary>
    private List<(string Path, IReadOnlyList<WorkItem> Items)> WorkOnLayers(ref CheckpointFiles? checkpoint)
    {
        List<(DecomposedLayer Layer, ResizeRecipe Recipe)> pairs =
            [.. _layers.SelectMany(layer => RecipesOf(layer).Select(recipe => (layer, recipe)))];
        foreach ((DecomposedLayer layer, ResizeRecipe recipe) in pairs.Where(pair => pair.Recipe.NeedsCheckpoint || pair.Layer.Source.Layer.NeedsBase))
        {
            checkpoint ??= layer.Source.Checkpoint is { } known ? FindCheckpoint(known.Paths) : null;
            if (checkpoint is null && recipe.NeedsCheckpoint)
                ThrowTerminatingError(ErrorRecords.CheckpointNeeded(recipe));
        }

        return
        [
            .. pairs
                .GroupBy(pair => pair.Layer.Path, StringComparer.Ordinal)
                .Select(file => (file.Key, (IReadOnlyList<WorkItem>)
                [
                    .. file
                        .GroupBy(pair => pair.Recipe, pair => pair.Layer)
                        .Select(group => new WorkItem(group.Key, [.. group.DistinctBy(layer => layer.Name)])),
                ])),
        ];
    }

    private ResizeRecipe[] RecipesOf(DecomposedLayer layer)
    {
        ResizeRecipe[] recipes = [.. layer.Recipes.Concat(Recipe ?? []).Distinct()];
        return recipes.Length > 0 ? recipes : [ResizeRecipe.Default];
    }

    /// <summary>A folder as people have it: with the checkpoint, LoRAs, and results of an earlier run.</summary>
    private List<string> WithoutSkipped(IEnumerable<string> files, CheckpointFiles? checkpoint)
    {
        var remaining = new List<string>();
        var resized = new List<string>();
        foreach (string path in files)
        {
            ThrowIfStopped();
            if (checkpoint?.Contains(AdapterLocation.Of(path).Weights) == true)
                WriteVerbose($"'{path}' is the checkpoint; skipped.");
            else if (!IncludeResized && IsResized(path))
                resized.Add(path);
            else
                remaining.Add(path);
        }

        if (resized.Count > 0)
            WriteWarning($"{resized.Count} file(s) that an earlier run has made are skipped, such as '{resized[0]}'. Use -IncludeResized to resize them again.");
        return remaining;
    }

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

    /// <summary>Makes the folder for the outputs and tries it, before hours of work turn out to be in vain.</summary>
    private bool PrepareDestination(string path)
    {
        if (File.Exists(path))
            throw WritingFault.DestinationIsFile(path);

        if (!Directory.Exists(path) && !ShouldProcess(path, "Create folder"))
            return false;

        try
        {
            Directory.CreateDirectory(path);
            SafetensorsWriter.TryFolder(path);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw WritingFault.DestinationFailed(path, exception);
        }
    }

    /// <summary>One output of a file: a recipe, and the layers it is for, or null for all.</summary>
    private sealed record WorkItem(ResizeRecipe Recipe, IReadOnlyList<DecomposedLayer>? Layers);
}
