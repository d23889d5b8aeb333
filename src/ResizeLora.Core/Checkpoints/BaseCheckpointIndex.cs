using ResizeLora.Adapters.Names;
using ResizeLora.Checkpoints.Families;
using ResizeLora.Common;
using ResizeLora.Safetensors;

namespace ResizeLora.Checkpoints;

/// <summary>Finds the base layers that a name refers to, by its exact normalised form.</summary>
internal sealed class BaseCheckpointIndex
{
    private readonly Dictionary<LayerKey, List<(string Path, BaseLayer Layer)>> _layers = [];
    private readonly Dictionary<AdapterComponent, List<LayerOrder>> _orders = [];

    /// <param name="sources">The parts of the checkpoint.</param>
    /// <param name="path">How messages name it.</param>
    public BaseCheckpointIndex(IReadOnlyList<CheckpointSource> sources, string path)
        : this(ModelFamily.Of(sources), sources, path)
    {
    }

    /// <param name="parts">The layers, part by part, with the components that adapters call each part.</param>
    /// <param name="family">The family.</param>
    /// <param name="path">How messages name it.</param>
    public BaseCheckpointIndex(IEnumerable<(IReadOnlyList<AdapterComponent> Components, PartLayers Layers)> parts, string family, string path)
    {
        Path = path;
        Family = family;
        foreach ((IReadOnlyList<AdapterComponent> components, PartLayers layers) in parts)
        {
            foreach (AdapterComponent component in components)
            {
                foreach ((string name, BaseLayer layer) in layers.Named)
                    Add(component, name, layer);
                _orders.TryAdd(component, []);
                _orders[component].AddRange(layers.Orders);
            }
        }
    }

    /// <summary>The index of a single file.</summary>
    public BaseCheckpointIndex(SafetensorsHeader header, string path)
        : this([new CheckpointSource(string.Empty, [(0, header)])], path)
    {
    }

    private BaseCheckpointIndex(ModelFamily family, IReadOnlyList<CheckpointSource> sources, string path)
        : this(family.Layers(sources), family.Name, path)
    {
    }

    /// <summary>How messages name the checkpoint.</summary>
    public string Path { get; }

    /// <summary>Whether it is made of another adapter's layers, in place of a checkpoint.</summary>
    public bool IsAdapter { get; init; }

    /// <summary>The family of the model, as far as it is known.</summary>
    public string Family { get; }

    /// <summary>All names that refer to a base layer.</summary>
    public IReadOnlyCollection<LayerKey> Names => _layers.Keys;

    /// <summary>The base layer of that name; null if there is none, or more than one.</summary>
    public BaseLayer? Find(string adapterLayerName) => Candidates(KeyOf(adapterLayerName), adapterLayerName) is [BaseLayer only] ? only : null;

    /// <summary>The component and the path that a name means in this checkpoint.</summary>
    public LayerKey KeyOf(string adapterLayerName)
    {
        LayerKey key = AdapterNames.KeyOf(adapterLayerName);

        if (AdapterNames.TellsComponent(adapterLayerName))
            return key;

        // A name without a prefix may be the denoising network's, which many trainers write without one; or another part's that PEFT has saved alone.
        LayerKey bare = key with { Component = AdapterComponent.Unet };
        return _layers.ContainsKey(bare) ? bare
            : Enum.GetValues<AdapterComponent>().Any(component => _layers.ContainsKey(key with { Component = component })) ? key with { Component = AdapterComponent.Unknown }
            : key;
    }

    /// <summary>The base layers that a name could mean. A name with points is not that of a layer whose points are elsewhere, if one has it exactly.</summary>
    /// <param name="key">The component and the path.</param>
    /// <param name="adapterLayerName">The name as the adapter has it.</param>
    public IReadOnlyList<BaseLayer> Candidates(LayerKey key, string adapterLayerName)
    {
        List<(string Path, BaseLayer Layer)> all = _layers.GetValueOrDefault(key, []);
        if (all.Count > 1 && adapterLayerName.Contains('.', StringComparison.Ordinal))
        {
            string path = AdapterNames.PathOf(adapterLayerName);
            BaseLayer[] exact = [.. all.Where(layer => layer.Path == path).Select(layer => layer.Layer)];
            if (exact.Length > 0)
                return exact;
        }

        return [.. all.Select(layer => layer.Layer)];
    }

    /// <summary>The orders in which adapters may count the layers of a component.</summary>
    public IReadOnlyList<LayerOrder> Orders(AdapterComponent component) => _orders.GetValueOrDefault(component, []);

    /// <summary>The most similar names of layers, the closest first.</summary>
    public IReadOnlyList<string> Closest(string adapterLayerName)
    {
        LayerKey key = AdapterNames.KeyOf(adapterLayerName);
        ILookup<string, BaseLayer> layers = _layers
            .Where(other => key.Component == AdapterComponent.Unknown || other.Key.Component == key.Component)
            .ToLookup(other => other.Key.FlatPath, other => other.Value[0].Layer, StringComparer.Ordinal);

        // Names are compared as adapters write them, and shown as the checkpoint has them.
        return [.. SimilarNames.Closest(key.FlatPath, layers.Select(layer => layer.Key)).Select(name => layers[name].First().Name).Distinct(StringComparer.Ordinal)];
    }

    private void Add(AdapterComponent component, string path, BaseLayer layer)
    {
        var key = LayerKey.Of(component, path);
        if (!_layers.TryGetValue(key, out List<(string Path, BaseLayer Layer)>? sameName))
            _layers.Add(key, sameName = []);

        // Repeats of a name follow each other, so comparing with the last one is enough.
        if (sameName is not [.., (_, BaseLayer last)] || !last.Equals(layer))
            sameName.Add((path, layer));
    }
}
