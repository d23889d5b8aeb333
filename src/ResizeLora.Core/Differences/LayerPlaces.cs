using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Checkpoints.Families;
using ResizeLora.Pairing;

namespace ResizeLora.Differences;

/// <summary>
/// Where the layers of two adapters are: in the checkpoint, or each where the other one has it. Of two layers that are one in two
/// namings, or one and its parts, the whole is the place.
/// </summary>
internal static class LayerPlaces
{
    /// <summary>All layers of both.</summary>
    /// <param name="reference">The one.</param>
    /// <param name="difference">The other.</param>
    /// <param name="family">The family of the checkpoint; null to go by the names of the layers.</param>
    /// <exception cref="ResizeLoraException">Sizes show that they are for different models.</exception>
    public static IReadOnlyList<PlacedLayer> Of(ComparedAdapter reference, ComparedAdapter difference, string? family)
    {
        (ComparedAdapter Adapter, AdapterLayer Layer, BaseLayer? Base)[] layers =
            [.. new[] { reference, difference }.SelectMany(adapter => adapter.Layers.Select(layer => (adapter, layer, adapter.PairOf(layer).BaseLayer)))];
        List<PlacedLayer> placed = [.. layers.Where(layer => layer.Base is not null).Select(layer => new PlacedLayer(layer.Adapter, layer.Layer, layer.Base!, hasBase: true))];
        AdapterLayer[] Rest(ComparedAdapter adapter) => [.. layers.Where(layer => layer.Base is null && layer.Adapter == adapter).Select(layer => layer.Layer)];
        AdapterLayer[] restOfReference = Rest(reference);
        AdapterLayer[] restOfDifference = Rest(difference);
        if (restOfReference.Length + restOfDifference.Length == 0)
            return placed;

        string[] likelyFamilies = family is not null ? [family] : [.. FamilyGuess.Of(reference.Layers).Concat(FamilyGuess.Of(difference.Layers))];
        return [.. placed, .. ByNames().Of(reference, restOfReference, difference, restOfDifference)];

        NamedPlaces ByNames()
        {
            // Names decide, not sizes: a model of another width may have the names of a family.
            NamedPlaces[] likely = [.. ModelFamily.All.Where(model => likelyFamilies.Contains(model.Name)).Select(PlacesIn)];
            return likely.Any(places => places.Found > 0) ? likely.MaxBy(places => places.Found)! : ModelFamily.All.Select(PlacesIn).MaxBy(places => places.Found)!;
        }

        NamedPlaces PlacesIn(ModelFamily model) => new(reference, restOfReference, difference, restOfDifference, model);
    }

    /// <summary>The places that layers have by the names of one family.</summary>
    private sealed class NamedPlaces
    {
        private readonly AdapterModel _first;
        private readonly AdapterModel _second;

        /// <summary>Layers of the second adapter by their names, and what they are in the first.</summary>
        private readonly Dictionary<string, BaseLayer> _inFirst;

        /// <summary>The other way round, for what is only a part in the first.</summary>
        private readonly Dictionary<string, BaseLayer> _inSecond;

        public NamedPlaces(ComparedAdapter reference, AdapterLayer[] ofReference, ComparedAdapter difference, AdapterLayer[] ofDifference, ModelFamily family)
        {
            _first = new AdapterModel(reference.Layers, reference.Path, family);
            _second = new AdapterModel(difference.Layers, difference.Path, family);
            _inFirst = Places(ofDifference, _first.Pair(difference.Layers, difference.Path));

            // Nothing has two places.
            HashSet<string> taken = [.. _inFirst.Values.SelectMany(LayersAt)];
            _inSecond = Places(ofReference.Where(layer => !taken.Contains(layer.Name)), _second.Pair(reference.Layers, reference.Path))
                .Where(place => !LayersAt(place.Value).Any(_inFirst.ContainsKey))
                .ToDictionary(StringComparer.Ordinal);
        }

        /// <summary>How many layers have a place in the other adapter.</summary>
        public int Found => _inFirst.Count + _inSecond.Count;

        public IEnumerable<PlacedLayer> Of(ComparedAdapter reference, AdapterLayer[] ofReference, ComparedAdapter difference, AdapterLayer[] ofDifference) =>
        [
            .. ofReference.Select(layer => new PlacedLayer(reference, layer, _inSecond.GetValueOrDefault(layer.Name, _first.PlaceOf(layer)), hasBase: false)),
            .. ofDifference.Select(layer => new PlacedLayer(difference, layer, _inFirst.GetValueOrDefault(layer.Name, _second.PlaceOf(layer)), hasBase: false)),
        ];

        private static Dictionary<string, BaseLayer> Places(IEnumerable<AdapterLayer> layers, AdapterPairs pairs) => layers
            .Select(layer => (layer.Name, Place: pairs.Of(layer).BaseLayer))
            .Where(layer => layer.Place is not null)
            .ToDictionary(layer => layer.Name, layer => layer.Place!, StringComparer.Ordinal);

        /// <summary>The names of the layers that stand for the weights of a place.</summary>
        private static IEnumerable<string> LayersAt(BaseLayer place) => place.Pieces.Select(piece => piece.Weight.Info.Name);
    }
}
