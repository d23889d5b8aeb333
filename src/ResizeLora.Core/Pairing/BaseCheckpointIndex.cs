using ResizeLora.Checkpoints;
using ResizeLora.Safetensors;

namespace ResizeLora.Pairing;

/// <summary>Finds the base layer that an adapter layer modifies, by its exact normalised name.</summary>
internal sealed class BaseCheckpointIndex
{
    private readonly string _path;
    private readonly Dictionary<LayerKey, List<BaseLayer>> _layers = [];

    /// <param name="sources">What the checkpoint consists of.</param>
    /// <param name="path">What messages call it.</param>
    public BaseCheckpointIndex(IReadOnlyList<CheckpointSource> sources, string path)
    {
        _path = path;
        var family = ModelFamily.Of(sources);
        Family = family.Name;
        foreach ((LayerKey key, BaseLayer layer) in family.Layers(sources))
        {
            if (!_layers.TryGetValue(key, out List<BaseLayer>? sameName))
                _layers.Add(key, sameName = []);

            // What a layer is called by comes one after the other; only here is it met again.
            if (sameName is not [.., BaseLayer last] || !last.Equals(layer))
                sameName.Add(layer);
        }
    }

    /// <summary>The index of a single file.</summary>
    public BaseCheckpointIndex(SafetensorsHeader header, string path)
        : this([new CheckpointSource(string.Empty, [(0, header)])], path)
    {
    }

    /// <summary>The family of the model, as far as it is known.</summary>
    public string Family { get; }

    /// <summary>All names that stand for something.</summary>
    public IReadOnlyCollection<LayerKey> Names => _layers.Keys;

    /// <summary>The base layer of that name; null if there is none, or more than one.</summary>
    public BaseLayer? Find(string adapterLayerName) => Candidates(adapterLayerName) is [BaseLayer only] ? only : null;

    /// <summary>The base layer that an adapter layer modifies; null if the checkpoint has none.</summary>
    /// <exception cref="ResizeLoraException">The name stands for more than one, the shapes disagree, or the weight can't be read.</exception>
    public BaseLayer? Pair(AdapterLayer layer, string adapterPath)
    {
        List<BaseLayer> candidates = Candidates(layer.Name);
        if (candidates.Count > 1)
            throw PairingFault.AmbiguousLayer(adapterPath, layer.Name, _path, candidates);

        if (candidates is not [BaseLayer found])
            return null;

        if (found.Unreadable is { } weight)
            throw CheckpointFault.Unreadable(_path, weight);

        (long rows, long columns) = found.Transposed ? (found.Columns, found.Rows) : (found.Rows, found.Columns);
        return layer.Rows == rows && layer.Columns == columns
            ? found
            : throw PairingFault.ShapeMismatch(adapterPath, layer, _path, found, rows, columns);
    }

    /// <summary>What the layers are called that have the most similar names, the closest first.</summary>
    public IReadOnlyList<string> Closest(string adapterLayerName)
    {
        LayerKey key = AdapterNames.KeyOf(adapterLayerName);
        return SimilarNames.Closest(key.FlatPath, _layers.Keys
            .Where(other => key.Component == AdapterComponent.Unknown || other.Component == key.Component)
            .Select(other => other.FlatPath));
    }

    private List<BaseLayer> Candidates(string adapterLayerName)
    {
        LayerKey key = AdapterNames.KeyOf(adapterLayerName);

        // What no prefix tells may be the denoising network's, which many trainers write without one.
        return _layers.GetValueOrDefault(key.Component == AdapterComponent.Unknown ? key with { Component = AdapterComponent.Unet } : key, []);
    }
}
