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

    /// <summary>Decomposes layers, as they get ready.</summary>
    /// <param name="source">The LoRA.</param>
    /// <param name="layers">Its layers.</param>
    /// <param name="withSubspace">Whether a recipe needs the subspace norms.</param>
    /// <param name="forWriting">Whether the layers are written soon, so that what spares decomposing them again is worth its memory.</param>
    /// <exception cref="ResizeLoraException">A layer can't be used, or the checkpoint is not the right one.</exception>
    public IEnumerable<DecomposedLayer> Decompose(AdapterSource source, IReadOnlyList<AdapterLayer> layers, bool withSubspace, bool forWriting)
    {
        long memory = forWriting ? BasisMemory : 0;
        // Names and shapes are compared before any work: the wrong checkpoint shows at once.
        List<(AdapterLayer Layer, BaseLayer? BaseLayer)> pairs =
            [.. layers.Select(layer => (layer, checkpoint?.Index.Pair(layer, source.Path)))];
        if (checkpoint is not null && pairs.Count > 0 && pairs.TrueForAll(pair => pair.BaseLayer is null))
            throw LayerFault.NothingPairs(source.Path, checkpoint.Path, checkpoint.Index.Family, PairingSummary.Unpaired(checkpoint.Index, layers[0].Name));

        if (checkpoint is not null && pairs.Count > 0)
        {
            observer.Verbose(PairingSummary.Describe(source.Path, checkpoint.Index, pairs));
            checkpoint.Prepare(pairs.Select(pair => pair.BaseLayer).OfType<BaseLayer>());
        }

        int done = 0;
        foreach (DecomposedLayer layer in OrderedParallel.Select(pairs, workers, cancellation, pair => LayerWork.Run(source.Path, pair.Layer.Name, () => Work(pair))))
        {
            observer.Progress(source.Path, "Decomposing layer", ++done, pairs.Count);
            if (done % 64 == 0)
                checkpoint?.SaveNorms();
            yield return layer;
        }

        checkpoint?.SaveNorms();

        DecomposedLayer Work((AdapterLayer Layer, BaseLayer? BaseLayer) pair)
        {
            using LayerContent content = LayerReader.Read(source.File, pair.Layer);
            LayerDecomposition decomposition = engine.Decompose(content.Change);
            if (!decomposition.SingularValues.All(double.IsFinite))
                throw LayerFault.Infinite(source.Path, pair.Layer.Name);

            var origin = new LayerSource(pair.Layer, content.Digest, pair.BaseLayer, checkpoint?.Version);
            var layer = new DecomposedLayer(origin, source.Path, AdapterNames.ComponentOf(pair.Layer.Name), content.Alpha, decomposition.SingularValues)
            {
                Basis = decomposition.Basis,
            };
            layer = WithReferences(layer, withSubspace, content);
            if (decomposition.Basis is null || Interlocked.Add(ref memory, -SingularBasis.SizeFor(pair.Layer.Rank)) >= 0)
                return layer;

            decomposition.Dispose();
            return layer with { Basis = null };
        }
    }

    /// <summary>Adds what recipes need to layers that were decomposed earlier.</summary>
    public IReadOnlyList<DecomposedLayer> Complete(AdapterSource source, IEnumerable<DecomposedLayer> layers, bool withSubspace)
    {
        List<DecomposedLayer> paired = [.. layers.Select(layer => Paired(source, layer))];
        checkpoint?.Prepare(paired.Select(layer => layer.Source.BaseLayer).OfType<BaseLayer>());
        List<DecomposedLayer> completed =
            [.. OrderedParallel.Select(paired, workers, cancellation, layer => LayerWork.Run(source.Path, layer.Name, () => Complete(source, layer, withSubspace)))];
        checkpoint?.SaveNorms();
        return completed;
    }

    /// <summary>Adds what a recipe needs and the layer, decomposed earlier, does not have yet.</summary>
    private DecomposedLayer Complete(AdapterSource source, DecomposedLayer layer, bool withSubspace)
    {
        // A layer that will be left out counts too: a recipe chose by all of them.
        using LayerContent content = LayerReader.ReadUnchanged(source.File, layer);
        return WithReferences(layer, withSubspace, content);
    }

    /// <summary>The layer with its partner in this checkpoint; what is known of another one does not count.</summary>
    private DecomposedLayer Paired(AdapterSource source, DecomposedLayer layer) =>
        checkpoint is null || layer.Source.Checkpoint == checkpoint.Version
            ? layer
            : layer with
            {
                Source = layer.Source with { BaseLayer = checkpoint.Index.Pair(layer.Source.Layer, source.Path), Checkpoint = checkpoint.Version },
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
