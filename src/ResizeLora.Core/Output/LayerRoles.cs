using ResizeLora.Adapters;
using ResizeLora.Safetensors;

namespace ResizeLora.Output;

/// <summary>What an output does with each layer of its input, before any singular value is chosen.</summary>
/// <param name="Resized">Layers that get new ranks.</param>
/// <param name="Unmatched">Layers that the recipe compares with the checkpoint, which does not have them.</param>
/// <param name="Verbatim">Tensors that are copied as they are, layers among them.</param>
internal sealed record LayerRoles(
    IReadOnlyList<DecomposedLayer> Resized,
    IReadOnlyList<DecomposedLayer> Unmatched,
    IReadOnlyList<TensorInfo> Verbatim)
{
    /// <summary>Gives each layer its role.</summary>
    /// <param name="contents">The contents of the input.</param>
    /// <param name="layers">The layers that were decomposed.</param>
    /// <param name="record">How the output is made.</param>
    public static LayerRoles Of(AdapterContents contents, IReadOnlyList<DecomposedLayer> layers, OutputRecord record)
    {
        // There is nothing to keep of ΔW = 0; but DoRA scales the weight even then.
        ILookup<bool, DecomposedLayer> onlyScaling = layers.ToLookup(layer => layer.Source.Layer.Magnitude is not null && layer.SpectralNorm == 0);
        List<DecomposedLayer> unmatched = [.. onlyScaling[false].Where(layer => !HasScores(layer, record))];
        return new LayerRoles(
            [.. onlyScaling[false].Where(layer => HasScores(layer, record) || IsCutUnscored(record))],
            unmatched,
            [
                .. contents.Others,
                .. contents.Unsupported.SelectMany(layer => layer.Tensors),
                .. onlyScaling[true].SelectMany(layer => layer.Source.Layer.Tensors.All),
                .. IsCopiedUnmatched(record) ? unmatched.SelectMany(layer => layer.Source.Layer.Tensors.All) : [],
            ]);
    }

    /// <summary>Whether a layer has all that the recipe compares it with.</summary>
    public static bool HasScores(DecomposedLayer layer, OutputRecord record) => !record.Recipe.NeedsCheckpoint || layer.Source.BaseLayer is not null;

    /// <summary>What happens to layers without a partner, in words.</summary>
    public static string FateOfUnmatched(OutputRecord record) =>
        IsCopiedUnmatched(record) ? "kept unchanged" : IsCutUnscored(record) ? $"kept as far as {record.RankLimits} allows" : "left out";

    private static bool IsCopiedUnmatched(OutputRecord record) => record.UnmatchedLayer == UnmatchedLayer.Keep && record.RankLimits.IsNone;

    /// <summary>Whether layers without a partner are kept, but must obey what loaders ask of ranks.</summary>
    private static bool IsCutUnscored(OutputRecord record) => record.UnmatchedLayer == UnmatchedLayer.Keep && !record.RankLimits.IsNone;
}
