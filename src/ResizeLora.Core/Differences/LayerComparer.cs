using ResizeLora.Adapters.Names;
using ResizeLora.Common;
using ResizeLora.Decomposition;
using ResizeLora.Engine;
using ResizeLora.Norms;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;

namespace ResizeLora.Differences;

/// <summary>Compares the layers of two adapters, several at a time.</summary>
/// <param name="engine">The numeric engine.</param>
/// <param name="norms">The checkpoint and its norms; null for none.</param>
/// <param name="workers">Layers that are worked on at the same time.</param>
/// <param name="reporter">Receives progress.</param>
/// <param name="cancellation">Stops the work.</param>
internal sealed class LayerComparer(Lazy<INumericEngine> engine, BaseNorms? norms, int workers, IReporter reporter, CancellationToken cancellation)
{
    /// <summary>The differences in the order of the model, as they get ready.</summary>
    /// <exception cref="ResizeLoraException">The adapters have nothing in common, or a layer can't be used.</exception>
    public IEnumerable<LoraDifference> Compare(ComparedAdapter reference, ComparedAdapter difference)
    {
        IReadOnlyList<LayerMatch> matches = LayerMatcher.Match(reference, LayerPlaces.Of(reference, difference, norms?.Checkpoint.Index.Family));
        if (matches.All(match => match.Reference.Count == 0 || match.Difference.Count == 0))
            throw PairingErrors.DifferentModels(difference.Path, reference.Path, $"they have no layer in common; the first has layers such as '{DisplayText.Of(difference.Layers[0].Name)}', and the second such as '{DisplayText.Of(reference.Layers[0].Name)}'");

        norms?.Prepare(matches.Where(HasBase).Select(match => match.Place));
        try
        {
            int done = 0;
            foreach (LoraDifference layer in OrderedParallel.Select(matches, workers, cancellation, match => LayerWork.Run(match.Named[0].Adapter.Path, match.Named[0].Name, () => Compare(reference, difference, match))))
            {
                reporter.Progress(difference.Path, "Comparing layer", ++done, matches.Count);
                yield return layer;
            }
        }
        finally
        {
            norms?.Save();
        }
    }

    private LoraDifference Compare(ComparedAdapter reference, ComparedAdapter difference, LayerMatch match)
    {
        PlacedLayer named = match.Named[0];
        ChangeDistance distance = Distance(match);
        foreach ((double norm, IReadOnlyList<PlacedLayer> layers) in new[] { (distance.ReferenceNorm, match.Reference), (distance.Norm, match.Difference) })
        {
            if (!double.IsFinite(norm))
                throw LayerErrors.Infinite(layers[0].Adapter.Path, layers[0].Name);
        }

        return new LoraDifference
        {
            Name = string.Join(" + ", match.Named.Select(layer => layer.Name)),
            DifferenceName = match.Difference.Count == 0 ? null : string.Join(" + ", match.Difference.Select(layer => layer.Name)),
            SideIndicator = match.Difference.Count == 0 ? LayerSides.ReferenceOnly : match.Reference.Count == 0 ? LayerSides.DifferenceOnly : LayerSides.Both,
            Component = match.Reference.Concat(match.Difference).Select(layer => layer.Component).FirstOrDefault(component => component != AdapterComponent.Unknown),
            Block = LayerBlock.Of(named.Name),
            Kind = LayerKind.Of(named.Layer),
            ReferencePath = reference.Path,
            DifferencePath = difference.Path,
            ReferenceNorm = distance.ReferenceNorm,
            Norm = distance.Norm,
            DifferenceNorm = distance.DifferenceNorm,
            Cosine = distance.ReferenceNorm > 0 && distance.Norm > 0 ? distance.Cosine : null,
            ReferenceRank = (int)match.Reference.Sum(layer => layer.Layer.Rank),
            Rank = (int)match.Difference.Sum(layer => layer.Layer.Rank),
            BaseFrobeniusNorm = norms is not null && HasBase(match) ? LayerWork.RunOnBase(norms.Checkpoint.Path, () => norms.Of(match.Place, engine.Value, cancellation).Frobenius) : null,
        };
    }

    private ChangeDistance Distance(LayerMatch match)
    {
        using var opened = new OpenedLayers(engine.Value, norms?.Checkpoint);
        try
        {
            return ChangeDistance.OfParts([.. match.Parts.Select(part => engine.Value.Compare(Changes(part.Reference, part.Rows.Count), Changes(part.Difference, part.Rows.Count)))]);
        }
        catch (NonFiniteException)
        {
            // Both files may call a tensor the same.
            opened.EnsureFinite();
            throw;
        }

        LayerFactors[] Changes(IReadOnlyList<LayerRows> layers, long count) => [.. layers.Select(rows => opened.Rows(rows, count))];
    }

    private static bool HasBase(LayerMatch match) => match.Named.All(layer => layer.HasBase);
}
