using ResizeLora.Adapters;
using ResizeLora.Common;
using ResizeLora.Decomposition;

namespace ResizeLora.Pipeline;

/// <summary>A name of layers, as a user wrote it.</summary>
/// <param name="Text">The name.</param>
/// <param name="HasWildcards">Whether it may mean none of a file's layers; a name outright must mean one.</param>
/// <param name="Means">Whether a layer's name is meant.</param>
internal sealed record LayerPattern(string Text, bool HasWildcards, Func<string, bool> Means);

/// <summary>The layers that a user wants, by their names.</summary>
internal sealed class LayerFilter(IReadOnlyList<LayerPattern> patterns)
{
    /// <summary>Whether a file without any of the layers is none that anybody named.</summary>
    public bool HasWildcards => patterns.Any(pattern => pattern.HasWildcards);

    /// <summary>Whether a layer is wanted.</summary>
    public bool IsWanted(string layer) => patterns.Any(pattern => pattern.Means(layer));

    /// <summary>What is wrong with the names for a file: each that stands for a layer which it does not have.</summary>
    public IEnumerable<ResizeLoraException> Missing(string path, IReadOnlyList<AdapterLayer> layers) => patterns
        .Where(pattern => !pattern.HasWildcards && !layers.Any(layer => pattern.Means(layer.Name)))
        .Select(pattern => LayerErrors.NotFound(path, pattern.Text, SimilarNames.Closest(pattern.Text, layers.Select(layer => layer.Name))));

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", patterns.Select(pattern => $"'{pattern.Text}'"));
}
