using System.Management.Automation;
using ResizeLora.Arguments;
using ResizeLora.Completion;
using ResizeLora.Pipeline;

namespace ResizeLora.Commands;

/// <summary>Decomposes LoRA files and emits their layers, as they get ready.</summary>
[Cmdlet(VerbsCommon.Get, "LoraSpectrum", DefaultParameterSetName = PathSet, HelpUri = HelpPage.Folder + "Get-LoraSpectrum.md")]
[OutputType(typeof(DecomposedLayer))]
public sealed class GetLoraSpectrumCommand : PipelineCommand
{
    private SpectrumJob? _job;

    /// <summary>Layers, or copies of them such as from a background job or Import-Clixml, to decompose again.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = LayerSet, HelpMessage = "Layers, or copies of them, to decompose again.")]
    [LayerTransformation]
    [ValidateNotNull]
    public PSObject[] InputObject { get; set; } = [];

    /// <summary>Names of layers, with wildcards; by default all layers.</summary>
    [Parameter(Position = 1, HelpMessage = "Names of the layers to decompose. Wildcards are allowed. Default: all layers.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(LayerNameCompleter))]
    public string[]? Layer { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => _job = ForCall(() => new SpectrumJob(
        Engine,
        new ResizeOptions { Checkpoint = CheckpointPaths, Layers = LayerPatterns.Of(Layer), CacheFolder = CacheFolder, Workers = ThrottleLimit },
        this,
        Stop));

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        base.ProcessRecord();
        if (ParameterSetName == LayerSet)
            LayersOf(EnsureLayers(InputObject)).ForEach(_job!.Add);
        else
            Emit(_job!.Decompose(ResolveFiles()));
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
}
