using System.Diagnostics;
using ResizeLora.Adapters;
using ResizeLora.Adapters.Peft;
using ResizeLora.Checkpoints;
using ResizeLora.Common;
using ResizeLora.Decomposition;
using ResizeLora.Engine;
using ResizeLora.Output;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;

namespace ResizeLora.Pipeline;

/// <summary>An adapter that is being worked on: opened once, its tensors sorted and its layers paired once.</summary>
/// <remarks>Its contents are read only when needed: a repeated job may have thousands of files with nothing left to do.</remarks>
internal sealed class AdapterInput : IDisposable
{
    private readonly BaseCheckpoint? _checkpoint;
    private readonly Lazy<PairedAdapter> _adapter;
    private BackgroundHash? _hash;
    private ExistingOutputs? _existing;

    /// <exception cref="ResizeLoraException">It is missing, unreadable, or no adapter.</exception>
    public AdapterInput(AdapterTask task, BaseCheckpoint? checkpoint)
    {
        Task = task;
        _checkpoint = checkpoint;
        Source = AdapterSource.Open(task.Path);
        _adapter = new(() => PairedAdapter.Read(Source, checkpoint?.Index));
    }

    public AdapterTask Task { get; }

    public AdapterSource Source { get; }

    public string Path => Source.Path;

    public Stopwatch Watch { get; } = Stopwatch.StartNew();

    public AdapterContents Contents => _adapter.Value.Contents;

    /// <summary>What all its layers modify; null without a checkpoint.</summary>
    public AdapterPairs? Pairs => _adapter.Value.Pairs;

    /// <summary>The names of all layers that can be resized.</summary>
    public IEnumerable<string> LayerNames => Contents.Layers.Select(layer => layer.Name);

    /// <summary>Starts computing the hash of the file in the background.</summary>
    public void BeginHash(string? cacheFolder, CancellationToken cancellation) => _hash = new BackgroundHash(Source.File, cacheFolder, cancellation);

    /// <summary>Waits for the hash.</summary>
    public string Hash(IReporter reporter) => _hash!.Wait(reporter);

    /// <summary>The outputs that earlier runs made from it.</summary>
    public ExistingOutputs Existing(OutputPath output) => _existing ??= new ExistingOutputs(output, Source.Location);

    /// <summary>Checks PEFT's settings, which a digest of a layer's tensors does not cover.</summary>
    /// <exception cref="ResizeLoraException">They have changed since a layer was decomposed.</exception>
    public void EnsureSameScales()
    {
        Dictionary<string, ConfiguredAlpha?> scales = Contents.Layers.ToDictionary(layer => layer.Name, layer => layer.Configured, StringComparer.Ordinal);
        foreach (LayerReference layer in Task.Layers ?? [])
        {
            if (layer.Known is { } known && scales.TryGetValue(known.Name, out ConfiguredAlpha? now) && now != known.Source.Layer.Configured)
                throw LayerErrors.Changed(Path, known.Name);
        }
    }

    /// <summary>The layers that are to be decomposed, with what they modify. All are paired before any work: what can't be shows at once.</summary>
    /// <param name="names">Their names; null for all that the task has.</param>
    /// <exception cref="ResizeLoraException">The file no longer has a layer, or it is unclear which base layer one modifies.</exception>
    public IReadOnlyList<PairedLayer> Layers(IReadOnlySet<string>? names)
    {
        if (Task.Layers is null)
            return [.. Contents.Layers.Where(layer => names?.Contains(layer.Name) != false).Select(layer => new PairedLayer(layer, PairOf(layer)))];

        Dictionary<string, AdapterLayer> present = Contents.Layers.ToDictionary(layer => layer.Name, StringComparer.Ordinal);
        return [.. Task.Layers.DistinctBy(layer => layer.Name, StringComparer.Ordinal).Where(layer => names?.Contains(layer.Name) != false).Select(layer => Find(layer, present))];
    }

    /// <summary>The layers as the task has them: those of a file as they get ready; those that came as objects when all are there.</summary>
    /// <exception cref="ResizeLoraException">One is no longer what its copy says.</exception>
    public IEnumerable<DecomposedLayer> Restored(IEnumerable<DecomposedLayer> decomposed)
    {
        if (Task.Layers is null)
            return decomposed;

        Dictionary<string, DecomposedLayer> layers = decomposed.ToDictionary(layer => layer.Name, StringComparer.Ordinal);
        return [.. Task.Layers.Where(layer => layers.ContainsKey(layer.Name)).Select(layer => layer.Restore(layers[layer.Name]))];
    }

    public void Dispose()
    {
        _hash?.Dispose();
        Source.Dispose();
    }

    /// <summary>A layer that was compared with other norms than those of its base layer now; null if there is none.</summary>
    public LayerReference? WithOtherBase(IReadOnlyList<DecomposedLayer> layers)
    {
        Dictionary<string, DecomposedLayer> now = layers.ToDictionary(layer => layer.Name, StringComparer.Ordinal);
        return Task.Layers?.FirstOrDefault(layer => layer.BaseNorms is { } before && now.TryGetValue(layer.Name, out DecomposedLayer? found)
            && !(found is { BaseSpectralNorm: { } spectral, BaseFrobeniusNorm: { } frobenius } && before.IsLike(new MatrixNorms(spectral, frobenius))));
    }

    private LayerPair PairOf(AdapterLayer layer) => Pairs?.Of(layer) ?? LayerPair.None(layer);

    private PairedLayer Find(LayerReference layer, Dictionary<string, AdapterLayer> present)
    {
        if (layer.Known is { } known)
        {
            DecomposedLayer paired = present.ContainsKey(layer.Name) ? Paired(known) : throw LayerErrors.Changed(Path, layer.Name);
            return new PairedLayer(paired.Source.Layer, paired.Source.Pair) { Known = paired };
        }

        if (present.TryGetValue(layer.Name, out AdapterLayer? found))
            return new PairedLayer(found, PairOf(found));

        throw Contents.Unsupported.FirstOrDefault(refused => refused.Name == layer.Name) is { } unsupported
            ? LayerErrors.NotRestored(Path, layer.Name, unsupported.Reason)
            : LayerErrors.NotFound(Path, layer.Name, SimilarNames.Closest(layer.Name, present.Keys));
    }

    /// <summary>The layer with its partner in this checkpoint; what is known of another one does not count.</summary>
    private DecomposedLayer Paired(DecomposedLayer layer) =>
        _checkpoint is null || Pairs is null || layer.Source.Checkpoint == _checkpoint.Version
            ? layer
            : layer with
            {
                Source = layer.Source with { Pair = Pairs.Of(layer.Source.Layer), Checkpoint = _checkpoint.Version, EarlierNorms = null },
                BaseSpectralNorm = null,
                BaseFrobeniusNorm = null,
                SubspaceNorms = null,
            };
}
