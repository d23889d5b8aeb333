using System.Management.Automation;
using ResizeLora.Completion;
using ResizeLora.Norms;
using ResizeLora.Pairing;
using ResizeLora.Peft;
using ResizeLora.Pipeline;

namespace ResizeLora.Commands;

/// <summary>Decomposes LoRA files and emits their layers, as they get ready.</summary>
[Cmdlet(VerbsCommon.Get, "LoraSpectrum", DefaultParameterSetName = PathSet)]
[OutputType(typeof(DecomposedLayer))]
public sealed class GetLoraSpectrumCommand : PipelineCommand
{
    private CheckpointFiles? _checkpointFiles;
    private BaseCheckpoint? _checkpoint;
    private WildcardPattern[]? _patterns;

    /// <summary>Names of layers, with wildcards; by default all layers.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(LayerNameCompleter))]
    public string[]? Layer { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        _patterns = Layer?.Select(name => WildcardPattern.Get(name, WildcardOptions.IgnoreCase)).ToArray();
        _checkpointFiles = FindCheckpoint();
        if (_checkpointFiles is not null)
            _checkpoint = OpenCheckpoint(_checkpointFiles);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string path in ResolveFiles())
        {
            if (_checkpointFiles?.Contains(AdapterLocation.Of(path).Weights) == true)
            {
                WriteVerbose($"'{path}' is the checkpoint; skipped.");
                continue;
            }

            ForEachItem(path, () =>
            {
                var settings = new PipelineSettings { Workers = ThrottleLimit };
                var pipeline = new ResizePipeline(Engine, _checkpoint, settings, new OutputGuard(settings), this, Stop);
                foreach (DecomposedLayer layer in pipeline.Decompose(path, IsWanted))
                    WriteObject(layer);
            });
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => Progress.Complete();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _checkpoint?.Dispose();
        base.Dispose(disposing);
    }

    private bool IsWanted(string layer) => _patterns is null || _patterns.Any(pattern => pattern.IsMatch(layer));
}
