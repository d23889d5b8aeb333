using ResizeLora.Checkpoints;
using ResizeLora.Decomposition;
using ResizeLora.Engine;

namespace ResizeLora.Pipeline;

/// <summary>One call of Get-LoraSpectrum: takes files and layers one by one, and yields decomposed layers; those of files at once.</summary>
internal sealed class SpectrumJob : IDisposable
{
    private readonly ResizeOptions _options;
    private readonly IJobHost _host;
    private readonly Pipelines _pipelines;
    private readonly ResizePipeline _pipeline;
    private readonly InputFilter _filter;
    private readonly LayerInputs _layers;
    private string? _withoutMatch;
    private bool _hasLayers;

    /// <exception cref="ResizeLoraException">The checkpoint can't be opened.</exception>
    public SpectrumJob(Lazy<INumericEngine> engine, ResizeOptions options, IJobHost host, CancellationToken cancellation)
    {
        CheckpointFiles? checkpoint = options.Checkpoint is null ? null : CheckpointFiles.Find(options.Checkpoint);
        var guard = new OutputGuard(options);
        _options = options;
        _host = host;
        _pipelines = new Pipelines(engine, options, guard, new OutputReview(host), host, cancellation);
        _pipeline = _pipelines.For(checkpoint);
        _filter = new InputFilter(checkpoint, guard, options, host);
        _layers = new LayerInputs(options, checkpoint, host);
    }

    /// <summary>Decomposes files.</summary>
    public IEnumerable<DecomposedLayer> Decompose(IEnumerable<string> paths) =>
        paths.Where(_filter.TakesToDecompose).SelectMany(path => EachFile.Results(path, LayersOf(path), _host));

    /// <summary>Takes a layer or a copy of one; those of a file are decomposed together at the end, so that it is opened once.</summary>
    public void Add(LayerReference layer) => _layers.Add(layer with { Known = null });

    /// <summary>Does what is left when all inputs are known.</summary>
    public IEnumerable<DecomposedLayer> Finish()
    {
        foreach ((string path, IReadOnlyList<LayerReference> layers) in _layers.ByFile(needRecipes: false))
        {
            foreach (DecomposedLayer layer in EachFile.Results(path, _pipeline.Decompose(new AdapterTask(path) { Layers = layers }), _host))
                yield return layer;
        }

        _filter.Report();
        if (_withoutMatch is not null && !_hasLayers && _options.Layers?.HasWildcards == true)
            _host.Warning($"No layer of '{_withoutMatch}' matches {_options.Layers}.");
    }

    public void Dispose() => _pipelines.Dispose();

    private IEnumerable<DecomposedLayer> LayersOf(string path)
    {
        bool hasLayers = false;
        foreach (DecomposedLayer layer in _pipeline.Decompose(new AdapterTask(path)))
        {
            hasLayers = _hasLayers = true;
            yield return layer;
        }

        _withoutMatch ??= hasLayers ? null : path;
    }
}
