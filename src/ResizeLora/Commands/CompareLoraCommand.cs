using System.Management.Automation;
using ResizeLora.Arguments;
using ResizeLora.Completion;
using ResizeLora.Errors;
using ResizeLora.Pipeline;

namespace ResizeLora.Commands;

/// <summary>Says how far LoRAs are from a reference, layer by layer or in sums.</summary>
[Cmdlet(VerbsData.Compare, "Lora", DefaultParameterSetName = PathSet, HelpUri = HelpPage.Folder + "Compare-Lora.md")]
[OutputType(typeof(LoraDifference), typeof(LoraDifferenceSummary))]
public sealed class CompareLoraCommand : ComputingCommand
{
    private CompareJob? _job;

    /// <summary>The LoRA that the others are compared with: a file, or the folder of a PEFT adapter.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The LoRA file or PEFT adapter folder that the others are compared with.")]
    [ValidateNotNullOrEmpty]
    [PathTransformation]
    [ArgumentCompleter(typeof(SafetensorsFileCompleter))]
    public string ReferencePath { get; set; } = string.Empty;

    /// <summary>The files and folders that are compared with the reference, with wildcards.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = PathSet, HelpMessage = PathHelp)]
    [ValidateNotNullOrEmpty]
    [PathTransformation]
    [SupportsWildcards]
    [Alias("Path")]
    [ArgumentCompleter(typeof(SafetensorsFileCompleter))]
    public string[] DifferencePath { get; set; } = [];

    /// <summary>The files and folders that are compared with the reference, taken literally.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet, HelpMessage = LiteralPathHelp)]
    [ValidateNotNullOrEmpty]
    [PathTransformation]
    [Alias("PSPath", "LP", "LiteralPath")]
    [ArgumentCompleter(typeof(LiteralSafetensorsFileCompleter))]
    public string[] LiteralDifferencePath { get; set; } = [];

    /// <summary>Sums up the layers by block, by component and in all.</summary>
    [Parameter(HelpMessage = "Returns sums over each block, each component and all layers, instead of the layers.")]
    public SwitchParameter Summary { get; set; }

    private protected override string[] Inputs => ParameterSetName == LiteralPathSet ? LiteralDifferencePath : DifferencePath;

    /// <inheritdoc/>
    protected override void BeginProcessing() => _job = ForCall(() => new CompareJob(
        Engine,
        new ResizeOptions { Checkpoint = CheckpointPaths, CacheFolder = CacheFolder, Workers = ThrottleLimit },
        ResolveOne(ReferencePath, ErrorRecords.NotOneReference),
        this,
        Stop));

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        base.ProcessRecord();
        if (Summary)
            Emit(_job!.Summarise(ResolveFiles()));
        else
            Emit(_job!.Compare(ResolveFiles()));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        _job!.Finish();
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
}
