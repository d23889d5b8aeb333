using System.Management.Automation;
using ResizeLora.Arguments;
using ResizeLora.Completion;
using ResizeLora.Output;
using ResizeLora.Pipeline;
using ResizeLora.Selection;

namespace ResizeLora.Commands;

/// <summary>Writes resized LoRAs, from files or from layers that were decomposed before.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "LoraResize", DefaultParameterSetName = PathSet, SupportsShouldProcess = true, HelpUri = HelpPage.Folder + "Invoke-LoraResize.md")]
[Alias("Resize-Lora")]
[OutputType(typeof(ResizeResult))]
public sealed class InvokeLoraResizeCommand : PipelineCommand
{
    // More than any adapter has; a slip of the finger must not fill a disk with zeros.
    private const int LargestRank = 4096;

    private ResizeJob? _job;

    /// <summary>Layers from Get-LoraSpectrum, as a rule with recipes attached by New-ResizeRecipe; or copies of them.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = LayerSet, HelpMessage = "Layers from Get-LoraSpectrum.")]
    [LayerTransformation]
    [ValidateNotNull]
    public PSObject[] InputObject { get; set; } = [];

    /// <summary>What to keep: recipes as text, hashtables or objects; several make several outputs.</summary>
    [Parameter(HelpMessage = "What to keep, such as 'spn_ckpt=1,thr=-1.2' (the default) or 'spn_lora=1,size=32'.")]
    [RecipeTransformation]
    [ArgumentCompleter(typeof(RecipeCompleter))]
    [ValidateNotNullOrEmpty]
    public ResizeRecipe[]? Recipe { get; set; }

    /// <summary>The folder for the outputs, made if missing; by default each input's own folder.</summary>
    [Parameter(HelpMessage = "The folder for the outputs; it is created if it doesn't exist. Default: the folder of each input.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FolderCompleter))]
    public string? Destination { get; set; }

    /// <summary>The path of the output; with {folder}, {name} and {recipe} of each of several.</summary>
    [Parameter(HelpMessage = "The path of the output. For several outputs, use {folder}, {name} and {recipe} in it.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(OutFileCompleter))]
    public string? OutFile { get; set; }

    /// <summary>Names of layers, with wildcards; others are left out. By default all layers.</summary>
    [Parameter(HelpMessage = "Names of the layers to keep. Wildcards are allowed. Default: all layers.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(LayerNameCompleter))]
    public string[]? Layer { get; set; }

    /// <summary>The number format of the outputs.</summary>
    [Parameter(HelpMessage = "The number format of the outputs, such as Float16 (fp16, the default), BFloat16 (bf16), Float32 (fp32), Float8 (fp8) or Source.")]
    [PrecisionTransformation]
    public ResizePrecision Precision { get; set; } = ResizePrecision.Float16;

    /// <summary>What happens to layers that the checkpoint does not have.</summary>
    [Parameter(HelpMessage = "What to do with layers that the checkpoint doesn't have: Keep (the default), Drop or Error.")]
    public UnmatchedLayer UnmatchedLayer { get; set; } = UnmatchedLayer.Keep;

    /// <summary>One rank for layers that loaders fuse: queries, keys and values.</summary>
    [Parameter(HelpMessage = "Gives layers that loaders fuse, such as queries, keys and values, the same rank.")]
    public SwitchParameter EqualRank { get; set; }

    /// <summary>The number that the rank of every layer is a multiple of.</summary>
    [Parameter(HelpMessage = "Rounds each rank up to a multiple of this number.")]
    [NumberTransformation(IsWhole = true)]
    [ValidateRange(1, LargestRank)]
    [ArgumentCompleter(typeof(RankCompleter))]
    public int? RankMultiple { get; set; }

    /// <summary>The largest rank that a layer may have.</summary>
    [Parameter(HelpMessage = "The highest rank that a layer may have.")]
    [NumberTransformation(IsWhole = true)]
    [ValidateRange(1, LargestRank)]
    [ArgumentCompleter(typeof(RankCompleter))]
    public int? MaxRank { get; set; }

    /// <summary>The rank of every layer.</summary>
    [Parameter(HelpMessage = "The rank of every layer, for LoRAs that are swapped in a compiled model.")]
    [NumberTransformation(IsWhole = true)]
    [ValidateRange(1, LargestRank)]
    [ArgumentCompleter(typeof(RankCompleter))]
    public int? Rank { get; set; }

    /// <summary>Resizes results of an earlier run too.</summary>
    [Parameter(HelpMessage = "Also resizes files made by an earlier run.")]
    public SwitchParameter IncludeResized { get; set; }

    /// <summary>Skips an output that exists and was made from the same input by the same recipe, as its metadata says.</summary>
    [Parameter(HelpMessage = "Skips outputs that an earlier run made from the same input with the same settings.")]
    public SwitchParameter SkipExisting { get; set; }

    /// <summary>Overwrites outputs that exist; never an input or the checkpoint.</summary>
    [Parameter(HelpMessage = "Overwrites existing outputs, but never an input or the checkpoint.")]
    public SwitchParameter Force { get; set; }

    /// <summary>With -WhatIf, emits the results that would come.</summary>
    [Parameter(HelpMessage = "With -WhatIf, returns the planned results as objects.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => _job = ForCall(() => new ResizeJob(Engine, CreateOptions(), this, Stop));

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        base.ProcessRecord();
        if (ParameterSetName == LayerSet)
            LayersOf(EnsureLayers(InputObject)).ForEach(_job!.Add);
        else
            Emit(_job!.Resize(ResolveFiles(), areAll: !MyInvocation.ExpectingInput));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        Emit(_job!.Finish());
        Progress.Complete();
        base.EndProcessing();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _job?.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>A daily job may well find nothing to do; an interactive user should be told.</summary>
    private protected override void ReportNothing(string reason)
    {
        if (SkipExisting)
            WriteVerbose($"Nothing was done: {reason}.");
        else
            base.ReportNothing(reason);
    }

    private ResizeOptions CreateOptions() => new()
    {
        Recipes = Recipe,
        Checkpoint = CheckpointPaths,
        Layers = LayerPatterns.Of(Layer),
        Precision = Precision,
        UnmatchedLayer = UnmatchedLayer,
        RankLimits = new RankLimits(EqualRank, RankMultiple, MaxRank, Rank),
        Output = CreateOutput(),
        IncludeResized = IncludeResized,
        SkipExisting = SkipExisting,
        Overwrite = Force,
        IsRehearsal = IsWhatIf,
        EmitsPlans = PassThru && IsWhatIf,
        CacheFolder = CacheFolder,
        Workers = ThrottleLimit,
    };

    private OutputPath CreateOutput()
    {
        if (OutFile is not null && Destination is not null)
            throw OutputErrors.OutFileWithDestination(OutFile);
        if (OutFile is not null)
            return OutputPath.Of(OutputPath.IsBesideInput(OutFile) ? OutFile : ResolveSingle(OutFile));

        return Destination is null ? OutputPath.Beside : OutputPath.In(ResolveSingle(Destination));
    }
}
