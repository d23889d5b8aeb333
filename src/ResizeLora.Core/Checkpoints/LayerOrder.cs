namespace ResizeLora.Checkpoints;

/// <summary>An order in which a trainer counts layers, for files that name layers by their position.</summary>
/// <param name="Name">What is counted, in a few words.</param>
/// <param name="Layers">The layers; null where the checkpoint lacks one.</param>
internal sealed record LayerOrder(string Name, IReadOnlyList<BaseLayer?> Layers)
{
    /// <summary>The layer at a position; null if there is none.</summary>
    public BaseLayer? At(int position) => position < Layers.Count ? Layers[position] : null;
}
