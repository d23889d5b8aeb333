using System.Management.Automation;
using ResizeLora.Files;
using ResizeLora.Norms;
using ResizeLora.Pipeline;
using ResizeLora.Torch;

namespace ResizeLora.Commands;

/// <summary>Decomposes LoRA files and emits their layers, as they get ready.</summary>
[Cmdlet(VerbsCommon.Get, "LoraSpectrum", DefaultParameterSetName = PathSet)]
[OutputType(typeof(DecomposedLayer))]
public sealed class GetLoraSpectrumCommand : PipelineCommand
{
    private BaseCheckpoint? _checkpoint;

    /// <summary>The base model, a safetensors file, that the layers are compared with.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? Checkpoint { get; set; }

    /// <summary>How many layers are worked on at the same time; by default one per processor.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = Environment.ProcessorCount;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (Checkpoint is not null)
            _checkpoint = OpenCheckpoint(ResolveSingle(Checkpoint));
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string path in ResolveFiles())
        {
            if (_checkpoint is not null && RealPath.Same(path, _checkpoint.Path))
            {
                WriteVerbose($"'{path}' is the checkpoint; skipped.");
                continue;
            }

            ForEachItem(() =>
            {
                var settings = new PipelineSettings { Workers = ThrottleLimit };
                var pipeline = new ResizePipeline(NumericEngineLoader.Default.Engine, _checkpoint, settings, new OutputGuard(settings), this, Stop);
                foreach (DecomposedLayer layer in pipeline.Decompose(path, withSubspace: false))
                    WriteObject(layer);
            });
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => EndProgress();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _checkpoint?.Dispose();
        base.Dispose(disposing);
    }
}
