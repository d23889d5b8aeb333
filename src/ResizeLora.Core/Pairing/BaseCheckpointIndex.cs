using ResizeLora.Safetensors;

namespace ResizeLora.Pairing;

/// <summary>Finds the base layer that an adapter layer modifies, by its exact normalised name.</summary>
internal sealed class BaseCheckpointIndex
{
    private readonly string _path;
    private readonly Dictionary<LayerKey, List<BaseLayer>> _layers = [];

    public BaseCheckpointIndex(SafetensorsHeader header, string path)
    {
        _path = path;
        foreach ((LayerKey key, BaseLayer layer) in BaseLayers.Of(header))
        {
            if (!_layers.TryGetValue(key, out List<BaseLayer>? sameName))
                _layers.Add(key, sameName = []);

            // What a layer is called by comes one after the other; only here is it met again.
            if (sameName is not [.., BaseLayer last] || last != layer)
                sameName.Add(layer);
        }
    }

    /// <summary>The base layer of that name; null if there is none, or more than one.</summary>
    public BaseLayer? Find(string adapterLayerName) => Candidates(adapterLayerName) is [BaseLayer only] ? only : null;

    /// <summary>The base layer that an adapter layer modifies; null if the checkpoint has none.</summary>
    /// <exception cref="ResizeLoraException">The name stands for more than one, or the shapes disagree.</exception>
    public BaseLayer? Pair(AdapterLayer layer, string adapterPath)
    {
        List<BaseLayer> candidates = Candidates(layer.Name);
        if (candidates.Count > 1)
            throw PairingFault.AmbiguousLayer(adapterPath, layer.Name, _path, candidates);

        if (candidates is not [BaseLayer found])
            return null;

        (long rows, long columns) = found.Transposed ? (found.Columns, found.Rows) : (found.Rows, found.Columns);
        return layer.Rows == rows && layer.Columns == columns
            ? found
            : throw PairingFault.ShapeMismatch(adapterPath, layer, _path, found, rows, columns);
    }

    private List<BaseLayer> Candidates(string adapterLayerName) =>
        _layers.GetValueOrDefault(AdapterNames.KeyOf(adapterLayerName), []);
}
