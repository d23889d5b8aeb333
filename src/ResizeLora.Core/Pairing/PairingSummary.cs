using ResizeLora.Adapters;
using ResizeLora.Adapters.Names;
using ResizeLora.Checkpoints;

namespace ResizeLora.Pairing;

/// <summary>What was recognised of an adapter file and a checkpoint, in words.</summary>
internal static class PairingSummary
{
    private const int MostNamed = 5;

    /// <summary>The family, the style, and how many layers of each component were paired.</summary>
    public static string Describe(string adapterPath, BaseCheckpointIndex checkpoint, AdapterPairs pairs, IReadOnlyCollection<(AdapterLayer Layer, LayerPair Pair)> layers)
    {
        IEnumerable<string> styles = layers
            .GroupBy(layer => AdapterNames.StyleOf(layer.Layer.Name, layer.Pair.BaseLayer is not null), StringComparer.Ordinal)
            .OrderByDescending(style => style.Count())
            .Select(style => style.Key);
        IEnumerable<string> components = layers
            .GroupBy(layer => layer.Pair.Component)
            .OrderBy(component => component.Key)
            .Select(component => $"{component.Key} {component.Count(layer => layer.Pair.BaseLayer is not null)} of {component.Count()}");
        string orders = pairs.Orders.Count == 0 ? string.Empty : $", counted as: {string.Join("; ", pairs.Orders)}";
        return $"'{adapterPath}': names in the style of {string.Join(" and ", styles)}, model family {checkpoint.Family}, paired layers: {string.Join(", ", components)}{orders}.";
    }

    /// <summary>Layers that were not paired, by the part of the model that they belong to; if the checkpoint lacks that part, this is said instead of their names.</summary>
    public static string UnpairedByComponent(BaseCheckpointIndex? checkpoint, IReadOnlyList<(AdapterComponent Component, string Name, string? Problem)> layers) => string.Join("; ", layers
        .GroupBy(layer => layer.Component)
        .OrderBy(component => component.Key)
        .Select(component => $"{component.Key} ({component.Count()}): {(Lacking(checkpoint, component.Key) is { } lacking
            ? $"the checkpoint has no {lacking} (such as {DisplayText.Of(component.First().Name)})"
            : Unpaired(checkpoint, [.. component.Select(layer => (layer.Name, layer.Problem))]))}"));

    /// <summary>Names some layers that were not paired, and for each the reason, or similar names.</summary>
    public static string Unpaired(BaseCheckpointIndex? checkpoint, params IReadOnlyList<(string Name, string? Problem)> layers)
    {
        // A known name is rarer and more informative.
        IEnumerable<string> named = layers.OrderBy(layer => layer.Problem is null).Take(MostNamed).Select(layer => Unpaired(checkpoint, layer.Name, layer.Problem));
        return string.Join(", ", named) + (layers.Count > MostNamed ? ", …" : string.Empty);
    }

    /// <summary>The component that a checkpoint lacks, in words; null if it has any of it.</summary>
    private static string? Lacking(BaseCheckpointIndex? checkpoint, AdapterComponent component)
    {
        if (checkpoint is null || component == AdapterComponent.Unknown || checkpoint.Names.Any(name => name.Component == component))
            return null;
        if (component == AdapterComponent.Unet)
            return "denoising network";

        return checkpoint.Names.All(name => name.Component is AdapterComponent.Unet or AdapterComponent.Unknown) ? "text encoders" : component.ToString();
    }

    private static string Unpaired(BaseCheckpointIndex? checkpoint, string layer, string? problem)
    {
        IReadOnlyList<string> closest = problem is null ? checkpoint?.Closest(layer) ?? [] : [];
        string remark = problem ?? (closest.Count == 0 ? string.Empty : $"similar: {string.Join(", ", closest.Select(name => DisplayText.Of(name)))}");
        return remark.Length == 0 ? DisplayText.Of(layer) : $"{DisplayText.Of(layer)} ({remark})";
    }
}
