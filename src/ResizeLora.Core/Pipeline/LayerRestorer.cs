using ResizeLora.Decomposition;
using ResizeLora.Norms;
using ResizeLora.Pairing;
using ResizeLora.Peft;

namespace ResizeLora.Pipeline;

/// <summary>Makes layers of what copies of layers tell: decomposed anew from their files, and refused where anything does not fit.</summary>
internal sealed class LayerRestorer(INumericEngine engine, int workers, IPipelineObserver observer, CancellationToken cancellation)
{
    /// <summary>Numbers that were computed on another device or by another version may differ by less than this, relative to the largest.</summary>
    private const double Tolerance = 1e-6;

    /// <summary>Restores layers, those of a file together; those of a file with a problem are left out, and the problem is reported.</summary>
    /// <param name="copies">What is told of the layers.</param>
    /// <param name="checkpoint">What they are compared with anew; null if later work compares them.</param>
    /// <param name="needsRecipes">Whether a layer must say which recipes are attached to it.</param>
    public IEnumerable<DecomposedLayer> Restore(IEnumerable<LayerReference> copies, BaseCheckpoint? checkpoint, bool needsRecipes)
    {
        foreach (IGrouping<string, LayerReference> file in copies.GroupBy(copy => copy.Path, StringComparer.Ordinal))
        {
            IReadOnlyList<DecomposedLayer> layers = [];
            try
            {
                layers = Restore(file.Key, [.. file], checkpoint, needsRecipes);
            }
            catch (ResizeLoraException exception)
            {
                observer.Error(exception);
            }

            foreach (DecomposedLayer layer in layers)
                yield return layer;
        }
    }

    private IReadOnlyList<DecomposedLayer> Restore(string path, IReadOnlyList<LayerReference> copies, BaseCheckpoint? checkpoint, bool needsRecipes)
    {
        foreach (LayerReference copy in copies)
        {
            if (WhyUnusable(copy, needsRecipes) is { } reason)
                throw LayerFault.NotRestored(copy.Path, copy.Name, reason);
        }

        using var source = AdapterSource.Open(path);
        AdapterContents contents = AdapterContents.Read(source).PairWith(checkpoint?.Index, source.Path);
        Dictionary<string, AdapterLayer> present = contents.Layers.ToDictionary(layer => layer.Name, StringComparer.Ordinal);
        if (copies.FirstOrDefault(copy => !present.ContainsKey(copy.Name)) is { } missing)
            throw LayerFault.NotFound(path, missing.Name, SimilarNames.Closest(missing.Name, present.Keys));

        IReadOnlyList<AdapterLayer> wanted = [.. copies.Select(copy => copy.Name).Distinct(StringComparer.Ordinal).Select(name => present[name])];
        Dictionary<string, DecomposedLayer> layers = new LayerDecomposer(engine, checkpoint, workers, observer, cancellation)
            .Decompose(source, wanted, contents.Pairs, withSubspace: false, forWriting: false)
            .ToDictionary(layer => layer.Name, StringComparer.Ordinal);
        return [.. copies.Select(copy => Checked(copy, layers[copy.Name]))];
    }

    private static DecomposedLayer Checked(LayerReference copy, DecomposedLayer layer)
    {
        if (copy.Digest is not null && !string.Equals(copy.Digest, layer.Digest, StringComparison.OrdinalIgnoreCase))
            throw LayerFault.Changed(copy.Path, copy.Name);
        if (copy.SingularValues is { } values && !AreAlike(values, layer.SingularValues))
            throw LayerFault.NotRestored(copy.Path, copy.Name, "its SingularValues are not those of the layer: they can't be edited, only selected by a recipe");

        // What it was compared with is found again by its paths, once that is needed.
        return layer with
        {
            Recipes = copy.Recipes ?? [],
            Source = layer.Source.Checkpoint is null && copy.Checkpoint.Count > 0
                ? layer.Source with { Checkpoint = new CheckpointVersion(copy.Checkpoint, []), EarlierNorms = copy.BaseNorms }
                : layer.Source,
        };
    }

    private static string? WhyUnusable(LayerReference copy, bool needsRecipes)
    {
        if (copy.Fault is not null)
            return copy.Fault;
        if (copy.Path.Length == 0 || copy.Name.Length == 0)
            return $"it has no {(copy.Path.Length == 0 ? nameof(copy.Path) : nameof(copy.Name))}";
        if (copy.Digest is null && copy.SingularValues is not null)
            return "it has no Digest, which tells whether the file is still the one that was decomposed";

        return needsRecipes && copy.Recipes is null ? "it does not tell its Recipes; name them with -Recipe" : null;
    }

    private static bool AreAlike(IReadOnlyList<double> values, IReadOnlyList<double> others) =>
        values.Count == others.Count && values.Zip(others).All(pair => Math.Abs(pair.First - pair.Second) <= Tolerance * others[0]);
}
