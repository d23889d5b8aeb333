using System.Management.Automation;
using ResizeLora.Arguments;
using ResizeLora.Completion;
using ResizeLora.Norms;
using ResizeLora.Pairing;
using ResizeLora.Peft;
using ResizeLora.Pipeline;

namespace ResizeLora.Commands;

/// <summary>Decomposes LoRA files and emits their layers, as they get ready.</summary>
[Cmdlet(VerbsCommon.Get, "LoraSpectrum", DefaultParameterSetName = PathSet, HelpUri = HelpPage.Folder + "Get-LoraSpectrum.md")]
[OutputType(typeof(DecomposedLayer))]
public sealed class GetLoraSpectrumCommand : PipelineCommand
{
    private readonly List<LayerReference> _references = [];
    private OpenCheckpoints? _checkpoints;
    private CheckpointFiles? _checkpointFiles;
    private BaseCheckpoint? _checkpoint;
    private PipelineSettings? _settings;
    private string? _skipped;
    private bool _hasDecomposed;
    private string? _withoutMatch;
    private bool _hasEmitted;

    /// <summary>Layers, or copies of them such as a background job or Import-Clixml leaves, that are decomposed anew.</summary>
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
    protected override void BeginProcessing()
    {
        _settings = new PipelineSettings { Workers = ThrottleLimit, Layers = LayerPatterns.Of(Layer) };
        _checkpoints = new OpenCheckpoints(CacheFolder, this, Stop);
        if (CheckpointPaths is not { } paths)
            return;

        _checkpoint = ForCall(() =>
        {
            _checkpointFiles = CheckpointFiles.Find(paths);
            return _checkpoints.Open(_checkpointFiles);
        });
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        base.ProcessRecord();
        if (ParameterSetName == LayerSet)
        {
            _references.AddRange(EnsureLayers(InputObject)
                .Select(layer => layer.BaseObject as LayerReference ?? LayerReference.Of((DecomposedLayer)layer.BaseObject))

                // What they were compared with is looked at anew.
                .Select(layer => layer with { BaseNorms = null }));
            return;
        }

        foreach (string path in ResolveFiles())
        {
            if (_checkpointFiles?.Contains(AdapterLocation.Of(path).Weights) == true)
            {
                WriteVerbose($"'{path}' is the checkpoint; skipped.");
                _skipped ??= path;
                continue;
            }

            _hasDecomposed = true;
            ForEachItem(path, () =>
            {
                var pipeline = new ResizePipeline(Engine, _checkpoint, _settings!, new OutputGuard(_settings!), this, Stop);
                bool hasLayers = false;
                foreach (DecomposedLayer layer in pipeline.Decompose(path))
                {
                    hasLayers = _hasEmitted = true;
                    WriteObject(layer);
                }

                _withoutMatch ??= hasLayers ? null : path;
            });
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        ForCall(() =>
        {
            var restorer = new LayerRestorer(Engine, ThrottleLimit, this, Stop);
            foreach (DecomposedLayer layer in restorer.Restore(LayerInputs.Wanted(_references, _settings!.Layers), _checkpoint, needsRecipes: false))
                WriteObject(layer);
        });
        Progress.Complete();
        base.EndProcessing();
        if (_skipped is not null && !_hasDecomposed)
            WriteWarning(InputFilter.OnlyCheckpoint(_skipped));
        else if (_withoutMatch is not null && !_hasEmitted && _settings!.Layers?.HasWildcards == true)
            WriteWarning($"No layer of '{_withoutMatch}' matches {_settings.Layers}.");
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _checkpoints?.Dispose();
        base.Dispose(disposing);
    }
}
