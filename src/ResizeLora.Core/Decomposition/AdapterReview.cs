using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Pairing;

namespace ResizeLora.Decomposition;

/// <summary>What users should know of an adapter before anything is done with its layers.</summary>
internal sealed class AdapterReview(AdapterSource source, AdapterContents contents)
{
    private const int MostReasons = 5;

    private readonly string _unknownPairs = AdapterErrors.UnknownPairs(contents.Others);

    private readonly string _reasons = string.Join("; ", contents.Unsupported
        .GroupBy(layer => layer.Reason, StringComparer.Ordinal)
        .OrderByDescending(group => group.Count())
        .Take(MostReasons)
        .Select(group => $"{group.Key} ({group.Count()}, such as '{DisplayText.Of(group.First().Name)}')"));

    /// <summary>Makes sure that there is a layer to work on.</summary>
    /// <exception cref="ResizeLoraException">There is none.</exception>
    public void EnsureLayers()
    {
        if (contents.Layers.Count == 0)
            throw contents.Unsupported.Count == 0 && OtherModel.Describe(source.Header) is { } kind
                ? LayerErrors.OtherModel(source.Path, kind)
                : LayerErrors.NoLayers(source.Path, string.Join("; ", new[] { _reasons, _unknownPairs }.Where(text => text.Length > 0)));
    }

    /// <summary>What is not read, or not as it may have been meant.</summary>
    /// <param name="fateOfLayers">What becomes of layers that can't be decomposed, to follow their number.</param>
    /// <param name="fateOfPairs">What becomes of pairs with unknown names, as a sentence.</param>
    public IEnumerable<string> Warnings(string fateOfLayers, string fateOfPairs)
    {
        if (source.Location.LostConfiguration is { } lost && contents.Layers.Any(layer => layer.Alpha is null && layer.Configured is null))
            yield return lost;
        if (_reasons.Length > 0)
            yield return $"{Quantity.Of(contents.Unsupported.Count, "layer")} of '{source.Path}' {fateOfLayers}: {_reasons}.";
        if (_unknownPairs.Length > 0)
            yield return $"'{source.Path}': {_unknownPairs}. {fateOfPairs}";
    }

    /// <summary>Makes sure that a checkpoint is the base of an adapter, as far as names tell.</summary>
    /// <exception cref="ResizeLoraException">No layer has a partner in it.</exception>
    public static void EnsurePaired(string path, BaseCheckpointIndex checkpoint, AdapterPairs pairs, IReadOnlyList<(AdapterLayer Layer, LayerPair Pair)> layers)
    {
        if (pairs.Any)
            return;

        string example = PairingSummary.Unpaired(checkpoint, (layers[0].Layer.Name, layers[0].Pair.Problem));
        throw layers.All(layer => layer.Pair.Problem is not null)
            ? LayerErrors.NothingIsClear(path, checkpoint.Path, checkpoint.Family, example)
            : LayerErrors.NothingPairs(path, checkpoint.Path, checkpoint.Family, example);
    }
}
