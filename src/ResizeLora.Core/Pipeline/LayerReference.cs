using ResizeLora.Decomposition;

namespace ResizeLora.Pipeline;

/// <summary>
/// A layer as a copy of it tells: what Select-Object, Export-Clixml, a background job, JSON or CSV leave of a
/// <see cref="DecomposedLayer"/>. It says which layer is meant and what it was; the layer itself is in its file.
/// </summary>
/// <param name="Path">The file; empty where the copy does not tell.</param>
/// <param name="Name">The layer's name; empty where the copy does not tell.</param>
internal sealed record LayerReference(string Path, string Name)
{
    /// <summary>The digest of the layer's tensors; null where the copy does not tell.</summary>
    public string? Digest { get; init; }

    /// <summary>Its singular values; null where the copy does not tell.</summary>
    public IReadOnlyList<double>? SingularValues { get; init; }

    /// <summary>The recipes that were attached to it; null where the copy does not tell.</summary>
    public IReadOnlyList<ResizeRecipe>? Recipes { get; init; }

    /// <summary>The checkpoint that it was compared with.</summary>
    public IReadOnlyList<string> Checkpoint { get; init; } = [];

    /// <summary>The norms of the base layer that it was compared with; null where the copy does not tell.</summary>
    public MatrixNorms? BaseNorms { get; init; }

    /// <summary>What could not be read of the copy; null if all could.</summary>
    public string? Fault { get; init; }

    /// <summary>A layer as a reference to itself, to be decomposed anew.</summary>
    public static LayerReference Of(DecomposedLayer layer) => new(layer.Path, layer.Name)
    {
        Digest = layer.Digest,
        Recipes = layer.Recipes,
        Checkpoint = layer.Checkpoint,
    };
}
