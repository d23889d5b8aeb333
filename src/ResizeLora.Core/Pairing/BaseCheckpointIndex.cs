using ResizeLora.Safetensors;

namespace ResizeLora.Pairing;

/// <summary>Finds the base layers that a name stands for, by its exact normalised form.</summary>
internal sealed class BaseCheckpointIndex
{
    private readonly Dictionary<LayerKey, List<BaseLayer>> _layers = [];
    private readonly Dictionary<AdapterComponent, List<LayerOrder>> _orders = [];

    /// <param name="sources">What the checkpoint consists of.</param>
    /// <param name="path">What messages call it.</param>
    public BaseCheckpointIndex(IReadOnlyList<CheckpointSource> sources, string path)
    {
        Path = path;
        var family = ModelFamily.Of(sources);
        Family = family.Name;
        foreach ((IReadOnlyList<AdapterComponent> components, PartLayers layers) in family.Layers(sources))
        {
            foreach (AdapterComponent component in components)
            {
                foreach ((string name, BaseLayer layer) in layers.Named)
                    Add(LayerKey.Of(component, name), layer);
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

    /// <summary>What messages call the checkpoint.</summary>
    public string Path { get; }

    /// <summary>The family of the model, as far as it is known.</summary>
    public string Family { get; }

    /// <summary>All names that stand for something.</summary>
    public IReadOnlyCollection<LayerKey> Names => _layers.Keys;

    /// <summary>The base layer of that name; null if there is none, or more than one.</summary>
    public BaseLayer? Find(string adapterLayerName) => Candidates(KeyOf(adapterLayerName)) is [BaseLayer only] ? only : null;

    /// <summary>The component and the path that a name means in this checkpoint.</summary>
    public LayerKey KeyOf(string adapterLayerName)
    {
        LayerKey key = AdapterNames.KeyOf(adapterLayerName);

        // What no prefix tells may be the denoising network's, which many trainers write without one.
        LayerKey bare = key with { Component = AdapterComponent.Unet };
        return key.Component == AdapterComponent.Unknown && _layers.ContainsKey(bare) ? bare : key;
    }

    /// <summary>The base layers that a name may stand for.</summary>
    public IReadOnlyList<BaseLayer> Candidates(LayerKey key) => _layers.GetValueOrDefault(key, []);

    /// <summary>The orders in which adapters may count the layers of a component.</summary>
    public IReadOnlyList<LayerOrder> Orders(AdapterComponent component) => _orders.GetValueOrDefault(component, []);

    /// <summary>What the layers are called that have the most similar names, the closest first.</summary>
    public IReadOnlyList<string> Closest(string adapterLayerName)
    {
        LayerKey key = AdapterNames.KeyOf(adapterLayerName);
        ILookup<string, BaseLayer> layers = _layers
            .Where(other => key.Component == AdapterComponent.Unknown || other.Key.Component == key.Component)
            .ToLookup(other => other.Key.FlatPath, other => other.Value[0], StringComparer.Ordinal);

        // Names are compared as adapters write them, and shown as the checkpoint has them.
        return [.. SimilarNames.Closest(key.FlatPath, layers.Select(layer => layer.Key)).Select(name => layers[name].First().Name).Distinct(StringComparer.Ordinal)];
    }

    private void Add(LayerKey key, BaseLayer layer)
    {
        if (!_layers.TryGetValue(key, out List<BaseLayer>? sameName))
            _layers.Add(key, sameName = []);

        // What a layer is called by comes one after the other; only here is it met again.
        if (sameName is not [.., BaseLayer last] || !last.Equals(layer))
            sameName.Add(layer);
    }
}
