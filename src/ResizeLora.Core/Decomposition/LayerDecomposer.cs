using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Common;
using ResizeLora.Engine;
using ResizeLora.Norms;
using ResizeLora.Pairing;

namespace ResizeLora.Decomposition;

/// <summary>A layer that is to be decomposed, and what it modifies.</summary>
/// <param name="Layer">The layer's tensors.</param>
/// <param name="Pair">What it modifies.</param>
internal sealed record PairedLayer(AdapterLayer Layer, LayerPair Pair)
{
    /// <summary>The layer as it was decomposed earlier: only what is missing is added, if its tensors are still the same.</summary>
    public DecomposedLayer? Known { get; init; }
}

/// <summary>Decomposes the layers of a LoRA and compares them with the layers of the checkpoint, several at a time.</summary>
internal sealed class LayerDecomposer(
    Lazy<INumericEngine> engine,
    BaseNorms? norms,
    int workers,
    IReporter reporter,
    CancellationToken cancellation)
{
    /// <summary>Bytes of bases that a file's layers may hold: enough for rank 128 on every layer of SDXL.</summary>
    private const long BasisMemory = 256L << 20;

    /// <summary>After how many layers norms are saved, so that an interrupted run is not lost.</summary>
    private const int SaveAfter = 64;

    /// <summary>Decomposes layers, as they get ready.</summary>
    /// <param name="source">The LoRA.</param>
    /// <param name="layers">Those of its layers that are wanted.</param>
    /// <param name="withSubspace">Whether a recipe needs the subspace norms.</param>
    /// <param name="forWriting">Whether the layers are written soon, so that what spares decomposing them again is worth its memory.</param>
    /// <exception cref="ResizeLoraException">A layer can't be used, or is no longer the one that was decomposed.</exception>
    public IEnumerable<DecomposedLayer> Decompose(AdapterSource source, IReadOnlyList<PairedLayer> layers, bool withSubspace, bool forWriting)
    {
        long memory = forWriting ? BasisMemory : 0;
        string stage = layers.All(layer => layer.Known is not null) ? "Reading layer" : "Decomposing layer";
        norms?.Prepare(layers.Select(layer => layer.Pair.BaseLayer).OfType<BaseLayer>());
        try
        {
            int done = 0;
            foreach (DecomposedLayer layer in OrderedParallel.Select(layers, workers, cancellation, item => LayerWork.Run(source.Path, item.Layer.Name, () => Work(item))))
            {
                reporter.Progress(source.Path, stage, ++done, layers.Count);
                if (done % SaveAfter == 0)
                    norms?.Save();
                yield return layer;
            }
        }
        finally
        {
            norms?.Save();
        }

        DecomposedLayer Work(PairedLayer item)
        {
            if (item.Known is { } known)
            {
                // A layer that will be left out counts too: a recipe chose by all of them.
                using LayerContent unchanged = LayerReader.ReadUnchanged(source.File, known);
                return WithReferences(known, unchanged);
            }

            using LayerContent content = LayerReader.Read(source.File, item.Layer);
            LayerDecomposition decomposition = content.Change.Decompose(engine.Value);
            if (!decomposition.SingularValues.All(double.IsFinite))
                throw LayerErrors.Infinite(source.Path, item.Layer.Name);

            var origin = new LayerSource(item.Layer, content.Digest, item.Pair, norms?.Checkpoint.Version);
            var layer = new DecomposedLayer(origin, source.Path, content.Alpha, decomposition.SingularValues)
            {
                Basis = decomposition.Basis,
            };
            layer = WithReferences(layer, content);
            if (decomposition.Basis is null || Interlocked.Add(ref memory, -SingularBasis.SizeFor(item.Layer.Rank)) >= 0)
                return layer;

            decomposition.Dispose();
            return layer with { Basis = null };
        }

        DecomposedLayer WithReferences(DecomposedLayer layer, LayerContent content)
        {
            if (norms is null || layer.Source.BaseLayer is not { } baseLayer)
                return layer;

            if (layer.BaseSpectralNorm is null)
            {
                MatrixNorms found = LayerWork.RunOnBase(norms.Checkpoint.Path, () => norms.Of(baseLayer, engine.Value, cancellation));
                layer = layer with { BaseSpectralNorm = found.Spectral, BaseFrobeniusNorm = found.Frobenius };
            }

            return withSubspace && layer.SubspaceNorms is null
                ? layer with { SubspaceNorms = LayerWork.RunOnBase(norms.Checkpoint.Path, () => norms.Checkpoint.Read(baseLayer, weight => content.Change.SubspaceNorms(engine.Value, layer.Basis, weight))) }
                : layer;
        }
    }
}
