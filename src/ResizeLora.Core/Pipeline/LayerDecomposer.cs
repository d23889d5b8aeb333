using ResizeLora.Concurrency;
using ResizeLora.Decomposition;
using ResizeLora.Norms;
using ResizeLora.Pairing;
using ResizeLora.Peft;
using ResizeLora.Safetensors;

namespace ResizeLora.Pipeline;

/// <summary>Decomposes the layers of a LoRA and sets them beside the layers of the checkpoint, several at a time.</summary>
internal sealed class LayerDecomposer(
    INumericEngine engine,
    BaseCheckpoint? checkpoint,
    int workers,
    IPipelineObserver observer,
    CancellationToken cancellation)
{
    /// <summary>Bytes of bases that a file's layers may hold: enough for rank 128 on every layer of SDXL.</summary>
    private const long BasisMemory = 256L << 20;

    /// <summary>Another device may add in another order.</summary>
    private const double FrobeniusTolerance = 1e-6;

    /// <summary>Several times as far as two runs may stop from the norm.</summary>
    private const double SpectralTolerance = 10 * MatrixNorms.SpectralTolerance;

    /// <summary>Decomposes layers, as they get ready.</summary>
    /// <param name="source">The LoRA.</param>
    /// <param name="layers">Those of its layers that are wanted.</param>
    /// <param name="pairs">What its layers modify; null without a checkpoint.</param>
    /// <param name="withSubspace">Whether a recipe needs the subspace norms.</param>
    /// <param name="forWriting">Whether the layers are written soon, so that what spares decomposing them again is worth its memory.</param>
    /// <exception cref="ResizeLoraException">A layer can't be used, or the checkpoint is not the right one.</exception>
    public IEnumerable<DecomposedLayer> Decompose(AdapterSource source, IReadOnlyList<AdapterLayer> layers, AdapterPairs? pairs, bool withSubspace, bool forWriting)
    {
        long memory = forWriting ? BasisMemory : 0;

        // All are paired before any work: what can't be shows at once.
        List<(AdapterLayer Layer, LayerPair Pair)> wanted = [.. layers.Select(layer => (layer, pairs?.Of(layer) ?? LayerPair.None(layer)))];
        if (checkpoint is not null && pairs is not null && wanted.Count > 0)
        {
            if (!pairs.Any)
            {
                string example = PairingSummary.Unpaired(checkpoint.Index, (layers[0].Name, wanted[0].Pair.Problem));
                throw wanted.TrueForAll(item => item.Pair.Problem is not null)
                    ? LayerFault.NothingIsClear(source.Path, checkpoint.Path, checkpoint.Index.Family, example)
                    : LayerFault.NothingPairs(source.Path, checkpoint.Path, checkpoint.Index.Family, example);
            }

            observer.Verbose(PairingSummary.Describe(source.Path, checkpoint.Index, pairs, wanted));
            checkpoint.Prepare(wanted.Select(item => item.Pair.BaseLayer).OfType<BaseLayer>());

            // What becomes of them in an output is said when it is planned.
            (AdapterComponent, string, string?)[] unpaired = [.. wanted.Where(item => item.Pair.BaseLayer is null).Select(item => (item.Pair.Component, item.Layer.Name, item.Pair.Problem))];
            if (unpaired.Length > 0 && !forWriting)
                observer.Warning($"The checkpoint has no partner for {Quantity.Of(unpaired.Length, "layer")} of '{source.Path}': {PairingSummary.UnpairedByComponent(checkpoint.Index, unpaired)}");
        }

        int done = 0;
        foreach (DecomposedLayer layer in OrderedParallel.Select(wanted, workers, cancellation, item => LayerWork.Run(source.Path, item.Layer.Name, () => Work(item))))
        {
            observer.Progress(source.Path, "Decomposing layer", ++done, wanted.Count);
            if (done % 64 == 0)
                checkpoint?.SaveNorms();
            yield return layer;
        }

        checkpoint?.SaveNorms();

        DecomposedLayer Work((AdapterLayer Layer, LayerPair Pair) item)
        {
            using LayerContent content = LayerReader.Read(source.File, item.Layer);
            LayerDecomposition decomposition = engine.Decompose(content.Change);
            if (!decomposition.SingularValues.All(double.IsFinite))
                throw LayerFault.Infinite(source.Path, item.Layer.Name);

            var origin = new LayerSource(item.Layer, content.Digest, item.Pair, checkpoint?.Version);
            var layer = new DecomposedLayer(origin, source.Path, content.Alpha, decomposition.SingularValues)
            {
                Basis = decomposition.Basis,
            };
            layer = WithReferences(layer, withSubspace, content);
            if (decomposition.Basis is null || Interlocked.Add(ref memory, -SingularBasis.SizeFor(item.Layer.Rank)) >= 0)
                return layer;

            decomposition.Dispose();
            return layer with { Basis = null };
        }
    }

    /// <summary>Adds what recipes need to layers that were decomposed earlier.</summary>
    /// <exception cref="ResizeLoraException">The file, or the checkpoint that the layers remember, is another one by now.</exception>
    public IReadOnlyList<DecomposedLayer> Complete(AdapterSource source, IEnumerable<DecomposedLayer> layers, AdapterPairs? pairs, bool withSubspace, bool isCheckpointNamed)
    {
        DecomposedLayer[] earlier = [.. layers];
        List<DecomposedLayer> paired = [.. earlier.Select(layer => Paired(layer, pairs))];
        checkpoint?.Prepare(paired.Select(layer => layer.Source.BaseLayer).OfType<BaseLayer>());
        List<DecomposedLayer> completed =
            [.. OrderedParallel.Select(paired, workers, cancellation, layer => LayerWork.Run(source.Path, layer.Name, () => Complete(source, layer, withSubspace)))];
        checkpoint?.SaveNorms();
        ReportOtherCheckpoint(source, [.. earlier.Zip(completed)], isCheckpointNamed);
        return completed;
    }

    /// <summary>
    /// Who chose layers by norms that the checkpoint no longer has would get something else than was seen. Who names the
    /// checkpoint wants the layers to be compared with it as it is; that it was another one is still news.
    /// </summary>
    private void ReportOtherCheckpoint(AdapterSource source, IReadOnlyList<(DecomposedLayer Earlier, DecomposedLayer Now)> layers, bool isCheckpointNamed)
    {
        if (checkpoint is null || layers.FirstOrDefault(layer => IsOtherBase(layer.Earlier, layer.Now)).Earlier is not { } other)
            return;

        if (!isCheckpointNamed)
            throw LayerFault.CheckpointChanged(source.Path, other.Name, checkpoint.Path);
        if (other.Source.Checkpoint!.Paths.SequenceEqual(checkpoint.Version.Paths, StringComparer.Ordinal))
            observer.Warning($"The checkpoint '{checkpoint.Path}' has changed since the layers of '{source.Path}' were decomposed (layer '{DisplayText.Of(other.Name)}'). They are compared with it as it is now.");
    }

    private static bool IsOtherBase(DecomposedLayer earlier, DecomposedLayer now) =>
        NormsOf(earlier) is { } before
        && !(NormsOf(now) is { } after && AreAlike(before.Frobenius, after.Frobenius, FrobeniusTolerance) && AreAlike(before.Spectral, after.Spectral, SpectralTolerance));

    private static MatrixNorms? NormsOf(DecomposedLayer layer) =>
        layer is { BaseSpectralNorm: { } spectral, BaseFrobeniusNorm: { } frobenius } ? new MatrixNorms(spectral, frobenius) : layer.Source.EarlierNorms;

    private static bool AreAlike(double left, double right, double tolerance) => Math.Abs(left - right) <= tolerance * Math.Max(left, right);

    /// <summary>Adds what a recipe needs and the layer, decomposed earlier, does not have yet.</summary>
    private DecomposedLayer Complete(AdapterSource source, DecomposedLayer layer, bool withSubspace)
    {
        // A layer that will be left out counts too: a recipe chose by all of them.
        using LayerContent content = LayerReader.ReadUnchanged(source.File, layer);
        return WithReferences(layer, withSubspace, content);
    }

    /// <summary>The layer with its partner in this checkpoint; what is known of another one does not count.</summary>
    private DecomposedLayer Paired(DecomposedLayer layer, AdapterPairs? pairs) =>
        checkpoint is null || pairs is null || layer.Source.Checkpoint == checkpoint.Version
            ? layer
            : layer with
            {
                Source = layer.Source with { Pair = pairs.Of(layer.Source.Layer), Checkpoint = checkpoint.Version, EarlierNorms = null },
                BaseSpectralNorm = null,
                BaseFrobeniusNorm = null,
                SubspaceNorms = null,
            };

    private DecomposedLayer WithReferences(DecomposedLayer layer, bool withSubspace, LayerContent content)
    {
        if (checkpoint is null || layer.Source.BaseLayer is not { } baseLayer)
            return layer;

        if (layer.BaseSpectralNorm is null)
        {
            MatrixNorms norms = GuardedBase(() => checkpoint.Norms(baseLayer, engine, cancellation));
            layer = layer with { BaseSpectralNorm = norms.Spectral, BaseFrobeniusNorm = norms.Frobenius };
        }

        if (withSubspace && layer.SubspaceNorms is null)
        {
            layer = layer with { SubspaceNorms = GuardedBase(() => checkpoint.Read(baseLayer, weight => engine.SubspaceNorms(content.Change, layer.Basis, weight))) };
        }

        return layer;
    }

    private T GuardedBase<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (NonFiniteException exception)
        {
            throw LayerFault.NonFiniteBase(checkpoint!.Path, exception.TensorName, exception);
        }
    }
}
