using ResizeLora.Checkpoints;
using ResizeLora.Engine;

namespace ResizeLora.Decomposition;

/// <summary>
/// A layer as described by an object in the shell's pipeline: a <see cref="DecomposedLayer"/>, or what Select-Object, Export-Clixml, a
/// background job, JSON or CSV leave of one. A copy says which layer it is and what it contained; the layer itself is in its file.
/// </summary>
/// <param name="Path">The file; empty where the copy does not say.</param>
/// <param name="Name">The layer's name; empty where the copy does not say.</param>
internal sealed record LayerReference(string Path, string Name)
{
    /// <summary>Numbers that were computed on another device or by another version may differ by less than this, relative to the largest.</summary>
    private const double Tolerance = 1e-6;

    /// <summary>The layer itself, decomposed; null for a copy, which is decomposed again.</summary>
    public DecomposedLayer? Known { get; init; }

    /// <summary>The digest of the layer's tensors; null where the copy does not say.</summary>
    public string? Digest { get; init; }

    /// <summary>Its singular values; null where the copy does not say.</summary>
    public IReadOnlyList<double>? SingularValues { get; init; }

    /// <summary>The recipes that were attached to it; null where the copy does not say.</summary>
    public IReadOnlyList<ResizeRecipe>? Recipes { get; init; }

    /// <summary>The checkpoint that it was compared with.</summary>
    public IReadOnlyList<string> Checkpoint { get; init; } = [];

    /// <summary>The norms of the base layer that it was compared with; null where it was not, or the copy does not say.</summary>
    public MatrixNorms? BaseNorms { get; init; }

    /// <summary>The reason why the copy can't be read; null if it can.</summary>
    public string? Fault { get; init; }

    /// <summary>A reference to a layer that is there.</summary>
    public static LayerReference Of(DecomposedLayer layer) => new(layer.Path, layer.Name)
    {
        Known = layer,
        Digest = layer.Digest,
        Recipes = layer.Recipes,
        Checkpoint = layer.Checkpoint,
        BaseNorms = layer is { BaseSpectralNorm: { } spectral, BaseFrobeniusNorm: { } frobenius } ? new MatrixNorms(spectral, frobenius) : layer.Source.EarlierNorms,
    };

    /// <summary>Makes sure that a copy says enough to find and recognise the layer.</summary>
    /// <param name="needsRecipes">Whether it must say which recipes are attached to it.</param>
    /// <exception cref="ResizeLoraException">It does not.</exception>
    public void EnsureUsable(bool needsRecipes)
    {
        if (Known is null && WhyUnusable(needsRecipes) is { } reason)
            throw LayerErrors.NotRestored(Path, Name, reason);
    }

    /// <summary>The layer that was decomposed, as the object had it.</summary>
    /// <exception cref="ResizeLoraException">It is no longer the same layer.</exception>
    public DecomposedLayer Restore(DecomposedLayer layer)
    {
        if (Known is not null)
            return layer;
        if (Digest is not null && !string.Equals(Digest, layer.Digest, StringComparison.OrdinalIgnoreCase))
            throw LayerErrors.Changed(Path, Name);
        if (SingularValues is { } values && !AreAlike(values, layer.SingularValues))
            throw LayerErrors.NotRestored(Path, Name, "its SingularValues are not those of the layer: they can't be edited, only selected by a recipe");

        // The checkpoint it was compared with is found again by its paths when needed.
        return layer with
        {
            Recipes = Recipes ?? [],
            Source = layer.Source.Checkpoint is null && Checkpoint.Count > 0
                ? layer.Source with { Checkpoint = new CheckpointVersion(Checkpoint, []), EarlierNorms = BaseNorms }
                : layer.Source,
        };
    }

    private string? WhyUnusable(bool needsRecipes)
    {
        if (Fault is not null)
            return Fault;
        if (Path.Length == 0 || Name.Length == 0)
            return $"it has no {(Path.Length == 0 ? nameof(Path) : nameof(Name))}";
        if (Digest is null && SingularValues is not null)
            return "it has no Digest, which shows whether the file has changed since it was decomposed";

        return needsRecipes && Recipes is null ? "it has no Recipes; give them with -Recipe" : null;
    }

    private static bool AreAlike(IReadOnlyList<double> values, IReadOnlyList<double> others) =>
        values.Count == others.Count && values.Zip(others).All(pair => Math.Abs(pair.First - pair.Second) <= Tolerance * others[0]);
}
