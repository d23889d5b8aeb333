using ResizeLora.Adapters;
using ResizeLora.Adapters.Types;
using ResizeLora.Checkpoints;
using ResizeLora.Engine;
using ResizeLora.Safetensors;
using ResizeLora.Selection;

namespace ResizeLora.Output;

/// <summary>The contents of one output file: some layers at new ranks, and tensors copied unchanged.</summary>
internal sealed class OutputPlan
{
    private readonly SafetensorsHeader _source;
    private readonly PeftPlan _peft;

    public OutputPlan(
        SafetensorsHeader source,
        PeftPlan peft,
        IReadOnlyList<DecomposedLayer> layers,
        IReadOnlyList<TensorInfo> verbatim,
        KeptValues kept,
        OutputRecord record)
    {
        _source = source;
        _peft = peft;
        Layers = layers;
        Verbatim = verbatim;
        Kept = kept;
        Record = record;
        Layout = SafetensorsLayout.Create(verbatim
            .Select(tensor => new TensorSpec(tensor.Name, tensor.DType, tensor.Shape))
            .Concat(layers.SelectMany((layer, index) => Specs(layer, kept.Ranks[index], kept.Indices[index]))));
        Metadata = OutputMetadata.Create(source, record, [.. ChangedRanks(), .. peft.Metadata(NewRanks())]);
    }

    public OutputRecord Record { get; }

    public KeptValues Kept { get; }

    /// <summary>The layers that get new ranks.</summary>
    public IReadOnlyList<DecomposedLayer> Layers { get; }

    /// <summary>Tensors that are copied as they are.</summary>
    public IReadOnlyList<TensorInfo> Verbatim { get; }

    public SafetensorsLayout Layout { get; }

    /// <summary>The metadata, with place-holders for the hashes.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Metadata { get; }

    /// <summary>Bytes before the tensors.</summary>
    public long HeaderLength => Layout.Header(Metadata).Length;

    /// <summary>Bytes of the whole file, to the byte.</summary>
    public long FileLength => HeaderLength + Layout.DataLength;

    /// <summary>PEFT's configuration next to the tensors; null where the input has none.</summary>
    public byte[]? Configuration => _peft.FileText(NewRanks());

    /// <summary>The element type of a layer's new tensors.</summary>
    public SafetensorsDType DTypeOf(AdapterLayer layer) => Record.Precision.DType(layer.DType);

    /// <summary>What to keep of a layer; null for nothing.</summary>
    public TruncationRequest? Request(int index)
    {
        AdapterLayer layer = Layers[index].Source.Layer;
        return Kept.Indices[index].Count == 0 ? null : new TruncationRequest(Kept.Indices[index], Record.Recipe.Rescale, DTypeOf(layer), HasAlpha: WritesAlpha(Layers[index], Kept.Indices[index]))
        {
            Rank = Kept.Ranks[index],

            // Adapters are hot-swapped where no layer's alpha differs from that of the others.
            AlphaIsRank = Record.RankLimits.Rank is not null,
        };
    }

    /// <summary>The tensors of a layer with new factors.</summary>
    public IEnumerable<TensorSpec> Specs(DecomposedLayer decomposed, int rank, IReadOnlyList<int> kept)
    {
        if (rank == 0)
            yield break;

        (AdapterLayer layer, BaseLayer? baseLayer) = (decomposed.Source.Layer, decomposed.Source.BaseLayer);
        SafetensorsDType dtype = DTypeOf(layer);
        IReadOnlyList<long> input = InputShape(layer, baseLayer);
        yield return new TensorSpec(layer.Written.Up, dtype, [layer.Rows, rank, .. input.Skip(1).Select(_ => 1L)]);
        yield return new TensorSpec(layer.Written.Down, dtype, [rank, .. input]);
        if (WritesAlpha(decomposed, kept))
            yield return new TensorSpec(layer.AlphaName!, dtype.Format().Companion, layer.Alpha?.Shape ?? []);
        if (layer.Magnitude is { } magnitude)
            yield return new TensorSpec(magnitude.Tensor.Name, dtype.Format().Companion, magnitude.Tensor.Shape);
    }

    private bool WritesAlpha(DecomposedLayer layer, IReadOnlyList<int> kept) =>
        layer.Source.Layer.AlphaName is not null && (!layer.Source.Layer.Written.IsAlphaOptional || NeedsAlpha(layer, kept));

    /// <summary>Whether the factors alone can't hold ΔW.</summary>
    private bool NeedsAlpha(DecomposedLayer layer, IReadOnlyList<int> kept) =>
        Record.RankLimits.Rank is null
        && FactorScale.NeedsAlpha(DTypeOf(layer.Source.Layer).Format(), kept.Select(index => layer.SingularValues[index] * Record.Recipe.Rescale), Math.Max(layer.Source.Layer.Rows, layer.Source.Layer.Columns));

    /// <summary>A loader takes a convolution by its kernel; where the adapter does not say it, the base does.</summary>
    private static IReadOnlyList<long> InputShape(AdapterLayer layer, BaseLayer? baseLayer)
    {
        if (layer.Shape.KnowsKernel || baseLayer is null || baseLayer.Transposed)
            return layer.Shape.InputShape;

        long[] input = [.. baseLayer.Pieces[0].Weight.Info.Shape.Skip(1)];
        return AdapterShape.Product(input) == layer.Columns ? input : layer.Shape.InputShape;
    }

    private IEnumerable<(string Layer, long Rank)> NewRanks() =>
        Layers.Select((layer, index) => (layer.Name, (long)Kept.Ranks[index])).Where(layer => layer.Item2 > 0);

    /// <summary>Files that name their layers by position keep the ranks in the metadata.</summary>
    private IEnumerable<KeyValuePair<string, string>> ChangedRanks()
    {
        for (int i = 0; i < Layers.Count; i++)
        {
            string key = $"{Layers[i].Name}:rank";
            if (_source.FindMetadata(key) is not null)
                yield return new(key, Kept.Ranks[i].ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
    }
}
