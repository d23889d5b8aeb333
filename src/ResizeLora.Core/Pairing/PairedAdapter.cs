using ResizeLora.Adapters;
using ResizeLora.Checkpoints;

namespace ResizeLora.Pairing;

/// <summary>The contents of an adapter file, and what its layers modify.</summary>
/// <param name="Contents">The tensors. DoRA without a partner is among what can't be resized, for its magnitudes need one.</param>
/// <param name="Pairs">What the layers modify; null without a checkpoint.</param>
internal sealed record PairedAdapter(AdapterContents Contents, AdapterPairs? Pairs)
{
    /// <summary>The layers that can be resized.</summary>
    public IReadOnlyList<AdapterLayer> Layers => Contents.Layers;

    /// <summary>Sorts the tensors of an adapter, and finds out what its layers modify.</summary>
    /// <exception cref="ResizeLoraException">The file can't be used, or it is the wrong checkpoint.</exception>
    public static PairedAdapter Read(AdapterSource source, BaseCheckpointIndex? checkpoint)
    {
        AdapterContents contents = AdapterContents.Read(source);
        AdapterPairs? pairs = checkpoint is null ? null : new AdapterPairs(contents.Layers, source.Path, checkpoint);
        return new PairedAdapter(contents.Refuse(layer => layer.Magnitude is null ? null : WhyDoraIsRefused(layer, pairs)), pairs);
    }

    private static string? WhyDoraIsRefused(AdapterLayer layer, AdapterPairs? pairs)
    {
        if (pairs is null)
            return "DoRA, whose magnitudes must be recomputed from the base weight: use -Checkpoint";

        LayerPair pair = pairs.Of(layer);
        return pair.BaseLayer is not null ? null
            : pair.Problem is null ? "DoRA, whose base layer the checkpoint does not have"
            : "DoRA, whose base layer has another size or can't be identified";
    }
}
