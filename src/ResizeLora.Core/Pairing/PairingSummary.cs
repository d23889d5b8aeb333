namespace ResizeLora.Pairing;

/// <summary>What was recognised of an adapter file and a checkpoint, in words.</summary>
internal static class PairingSummary
{
    private const int MostNamed = 5;

    /// <summary>The family, the style, and how many layers of each component were paired.</summary>
    public static string Describe(string adapterPath, BaseCheckpointIndex checkpoint, IReadOnlyCollection<(AdapterLayer Layer, BaseLayer? BaseLayer)> pairs)
    {
        IEnumerable<string> styles = pairs
            .GroupBy(pair => AdapterNames.StyleOf(pair.Layer.Name), StringComparer.Ordinal)
            .OrderByDescending(style => style.Count())
            .Select(style => style.Key);
        IEnumerable<string> components = pairs
            .GroupBy(pair => AdapterNames.ComponentOf(pair.Layer.Name))
            .OrderBy(component => component.Key)
            .Select(component => $"{component.Key} {component.Count(pair => pair.BaseLayer is not null)} of {component.Count()}");
        return $"'{adapterPath}': names in the style of {string.Join(" and ", styles)}, model family {checkpoint.Family}, paired layers: {string.Join(", ", components)}.";
    }

    /// <summary>The layers that were not found, by the part of the model that they belong to; where the checkpoint lacks that, it is said instead of their names.</summary>
    public static string UnpairedByComponent(BaseCheckpointIndex? checkpoint, IReadOnlyList<string> layers) => string.Join("; ", layers
        .GroupBy(AdapterNames.ComponentOf)
        .OrderBy(component => component.Key)
        .Select(component => $"{component.Key} ({component.Count()}): {(Lacking(checkpoint, component.Key) is { } lacking
            ? $"the checkpoint has no {lacking} (such as {DisplayText.Of(component.First())})"
            : Unpaired(checkpoint, [.. component]))}"));

    /// <summary>What of a component a checkpoint does not have at all, in words; null if it has some of it.</summary>
    private static string? Lacking(BaseCheckpointIndex? checkpoint, AdapterComponent component)
    {
        if (checkpoint is null || component == AdapterComponent.Unknown || checkpoint.Names.Any(name => name.Component == component))
            return null;
        if (component == AdapterComponent.Unet)
            return "denoising network";

        return checkpoint.Names.All(name => name.Component is AdapterComponent.Unet or AdapterComponent.Unknown) ? "text encoders" : component.ToString();
    }

    /// <summary>Names some layers that were not found, and after each what is called almost the same.</summary>
    public static string Unpaired(BaseCheckpointIndex? checkpoint, params IReadOnlyList<string> layers) =>
        string.Join(", ", layers.Take(MostNamed).Select(layer => Unpaired(checkpoint, layer))) + (layers.Count > MostNamed ? ", …" : string.Empty);

    private static string Unpaired(BaseCheckpointIndex? checkpoint, string layer)
    {
        IReadOnlyList<string> closest = checkpoint?.Closest(layer) ?? [];
        return closest.Count == 0
            ? DisplayText.Of(layer)
            : $"{DisplayText.Of(layer)} (similar: {string.Join(", ", closest.Select(name => DisplayText.Of(name)))})";
    }
}
