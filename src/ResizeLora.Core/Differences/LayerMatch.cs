using ResizeLora.Checkpoints;

namespace ResizeLora.Differences;

/// <summary>What is compared with what: a layer of one adapter, and all that the other one has in its rows.</summary>
/// <param name="Reference">Layers of the one; more than one only where they change the same rows. None where only the other has the layer.</param>
/// <param name="Difference">Layers of the other.</param>
/// <param name="Parts">The rows, cut so that each layer has all of a part or nothing.</param>
/// <param name="Place">All these rows.</param>
internal sealed record LayerMatch(IReadOnlyList<PlacedLayer> Reference, IReadOnlyList<PlacedLayer> Difference, IReadOnlyList<MatchedRows> Parts, BaseLayer Place)
{
    /// <summary>The layers that it is named after.</summary>
    public IReadOnlyList<PlacedLayer> Named => Reference.Count > 0 ? Reference : Difference;
}

/// <summary>Rows of a weight that are changed by the same layers.</summary>
/// <param name="Rows">The rows.</param>
/// <param name="Reference">What changes them in one adapter.</param>
/// <param name="Difference">What changes them in the other.</param>
internal sealed record MatchedRows(WeightRows Rows, IReadOnlyList<LayerRows> Reference, IReadOnlyList<LayerRows> Difference)
{
    public IEnumerable<LayerRows> All => Reference.Concat(Difference);

    /// <summary>Whether other rows are the next ones of all these layers.</summary>
    public bool Continues(MatchedRows next) => All.Count() == next.All.Count() && All.Zip(next.All).All(pair =>
        pair.First.Layer == pair.Second.Layer && pair.First.First + Rows.Count == pair.Second.First);
}

/// <summary>Some rows of a layer.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="First">The first row, in the order of the weight as it is stored.</param>
internal sealed record LayerRows(PlacedLayer Layer, long First);
