using ResizeLora.Adapters;
using ResizeLora.Adapters.Names;
using ResizeLora.Checkpoints;
using ResizeLora.Checkpoints.Families;
using ResizeLora.Safetensors;

namespace ResizeLora.Pairing;

/// <summary>
/// The layers of an adapter in place of the model that it is for: what another adapter calls the same layers, or parts of them, follows
/// from the description of the family as it does from a checkpoint.
/// </summary>
internal sealed class AdapterModel
{
    private readonly Dictionary<string, BaseLayer> _places;
    private readonly BaseCheckpointIndex _index;

    public AdapterModel(IReadOnlyList<AdapterLayer> layers, string path, ModelFamily family)
    {
        _places = layers.ToDictionary(layer => layer.Name, PlaceIn, StringComparer.Ordinal);
        var parts = new List<(IReadOnlyList<AdapterComponent>, PartLayers)>();
        foreach (IGrouping<AdapterComponent, AdapterLayer> component in layers.GroupBy(ComponentOf))
        {
            // What the family does not have is still known by its own names.
            ModelPart? part = family.Parts.FirstOrDefault(part => part.Components.Contains(component.Key));
            PartNames names = part?.Names ?? new PartNames();
            var weights = new Dictionary<string, WeightRows>(StringComparer.Ordinal);
            foreach (AdapterLayer layer in component)
                weights.TryAdd(names.Dotted(AdapterNames.PathOf(layer.Name)), _places[layer.Name].Pieces[0]);
            parts.Add((part?.Components ?? [component.Key], names.LayersOfAdapter(weights)));
        }

        _index = new BaseCheckpointIndex(parts, family.Name, path) { IsAdapter = true };
    }

    /// <summary>The weight that a layer of this adapter stands for.</summary>
    public BaseLayer PlaceOf(AdapterLayer layer) => _places[layer.Name];

    /// <summary>Which of the layers of this adapter those of another one change.</summary>
    /// <param name="layers">All layers of the other adapter.</param>
    /// <param name="path">The other adapter.</param>
    /// <exception cref="ResizeLoraException">Sizes show that it is for another model.</exception>
    public AdapterPairs Pair(IReadOnlyList<AdapterLayer> layers, string path) =>
        new([.. layers.Select(layer => layer with { IsBaseTransposed = false })], path, _index);

    /// <summary>Where a name does not tell its part of the model, it is most likely the denoising network.</summary>
    private static AdapterComponent ComponentOf(AdapterLayer layer) =>
        AdapterNames.ComponentOf(layer.Name) is var component and not AdapterComponent.Unknown ? component : AdapterComponent.Unet;

    private static BaseLayer PlaceIn(AdapterLayer layer)
    {
        var tensor = new TensorInfo(layer.Name, layer.DType, [layer.Rows, layer.Columns], 0, 0);
        return new BaseLayer([WeightRows.AllOf(new PlainWeight(new StoredTensor(0, tensor)))], transposed: false);
    }
}
