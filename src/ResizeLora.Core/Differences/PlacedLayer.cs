using ResizeLora.Adapters;
using ResizeLora.Checkpoints;

namespace ResizeLora.Differences;

/// <summary>A layer of one of two adapters, and the rows that it changes.</summary>
/// <param name="adapter">The adapter.</param>
/// <param name="layer">The layer.</param>
/// <param name="place">The rows; those of another adapter's layers or of its own where the checkpoint does not have them.</param>
/// <param name="hasBase">Whether the rows are the checkpoint's.</param>
internal sealed class PlacedLayer(ComparedAdapter adapter, AdapterLayer layer, BaseLayer place, bool hasBase)
{
    public ComparedAdapter Adapter => adapter;

    public AdapterLayer Layer => layer;

    public string Name => layer.Name;

    public BaseLayer Place => place;

    public bool HasBase => hasBase;

    /// <summary>The part of the model, by its name or, if that does not say, by its base layer.</summary>
    public AdapterComponent Component => adapter.PairOf(layer).Component;
}
