using ResizeLora.Adapters;
using ResizeLora.Common;
using ResizeLora.Decomposition;

namespace ResizeLora.Pipeline;

/// <summary>A name of layers, as a user wrote it.</summary>
/// <param name="Text">The name.</param>
/// <param name="HasWildcards">Whether it may match none of a file's layers; a plain name must match one.</param>
/// <param name="Matches">Whether a layer's name fits the wildcards.</param>
internal sealed record LayerPattern(string Text, bool HasWildcards, Func<string, bool> Matches)
{
    /// <summary>Whether a layer has exactly this name. Then only that layer matches: some names contain brackets.</summary>
    public bool IsNameOf(string layer) => string.Equals(layer, Text, StringComparison.OrdinalIgnoreCase);
}

/// <summary>The layers that a user wants, by their names.</summary>
internal sealed class LayerFilter(IReadOnlyList<LayerPattern> patterns)
{
    /// <summary>Whether a name contains wildcards: then a file without a match is not an error.</summary>
    public bool HasWildcards => patterns.Any(pattern => pattern.HasWildcards);

    /// <summary>The layers that match.</summary>
    /// <param name="layers">All layers of a file, or those from the pipeline.</param>
    /// <param name="nameOf">A layer's name.</param>
    public IReadOnlyList<T> Wanted<T>(IReadOnlyList<T> layers, Func<T, string> nameOf)
    {
        Func<string, bool>[] wishes =
        [
            .. patterns.Select(pattern => !pattern.HasWildcards || layers.Any(layer => pattern.IsNameOf(nameOf(layer))) ? pattern.IsNameOf : pattern.Matches),
        ];
        return [.. layers.Where(layer => wishes.Any(wish => wish(nameOf(layer))))];
    }

    /// <summary>The errors for a file: one for each name of a layer that it does not have.</summary>
    public IEnumerable<ResizeLoraException> Missing(string path, IReadOnlyList<AdapterLayer> layers) => patterns
        .Where(pattern => !pattern.HasWildcards && !layers.Any(layer => pattern.IsNameOf(layer.Name)))
        .Select(pattern => LayerErrors.NotFound(path, pattern.Text, SimilarNames.Closest(pattern.Text, layers.Select(layer => layer.Name))));

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", patterns.Select(pattern => $"'{pattern.Text}'"));
}
