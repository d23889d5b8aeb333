using ResizeLora.Adapters.Types;
using ResizeLora.Checkpoints;
using ResizeLora.Decomposition;
using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Differences;

/// <summary>The changes that layers make, as factors, read from their files; in memory that is used again after <see cref="Dispose"/>.</summary>
internal sealed class OpenedLayers(INumericEngine engine, BaseCheckpoint? checkpoint) : IDisposable
{
    private readonly Dictionary<PlacedLayer, LayerFactors> _changes = [];
    private readonly List<IDisposable> _memory = [];

    /// <summary>Some rows of what a layer changes, of the base weight as it is stored.</summary>
    /// <exception cref="ResizeLoraException">The layer can't be read, or not computed with.</exception>
    public LayerFactors Rows(LayerRows rows, long count)
    {
        if (!_changes.TryGetValue(rows.Layer, out LayerFactors? change))
            _changes.Add(rows.Layer, change = LayerWork.Run(rows.Layer.Adapter.Path, rows.Layer.Name, () => Read(rows.Layer)));
        return change.Rows(rows.First, count);
    }

    /// <summary>Finds the layer that a number is in which is none.</summary>
    /// <exception cref="ResizeLoraException">It is this layer.</exception>
    public void EnsureFinite()
    {
        foreach ((PlacedLayer layer, LayerFactors change) in _changes)
        {
            LayerWork.Run(layer.Adapter.Path, layer.Name, () =>
            {
                NumberTable.Of(change.Up).Dispose();
                NumberTable.Of(change.Down).Dispose();
                return true;
            });
        }
    }

    public void Dispose()
    {
        foreach (IDisposable memory in _memory)
            memory.Dispose();
    }

    private LayerFactors Read(PlacedLayer layer)
    {
        LayerContent content = Kept(LayerReader.Read(layer.Adapter.Source.File, layer.Layer));
        try
        {
            LayerFactors change = layer.HasBase && layer.Layer.Magnitude is { } magnitude ? Effective(layer, magnitude, content) : content.Factors;
            return layer.Place.Transposed ? Transposed(change) : change;
        }
        catch (OverflowException exception)
        {
            // A few numbers may stand for a matrix of any size.
            throw LayerErrors.TooLarge(layer.Adapter.Path, layer.Name, exception);
        }
    }

    /// <summary>
    /// What DoRA really changes, W' − W with W' = m · (W + ΔW) / ‖W + ΔW‖: with s = m / ‖W + ΔW‖ of the row or the columns, it is s · ΔW + (s − 1) · W.
    /// </summary>
    private LayerFactors Effective(PlacedLayer layer, Magnitude magnitude, LayerContent content)
    {
        LayerFactors change = content.Factors;
        return LayerWork.RunOnBase(checkpoint!.Path, () => checkpoint.Read(layer.Place, weight =>
        {
            double[] scales = [.. content.Magnitudes.ToArray().Zip(engine.MergedNorms(weight, change, magnitude.GroupSize), (m, norm) => norm > 0 ? m / norm : 0)];
            NumberTable result = Kept(Numbers(change));
            using NumberTable stored = NumberTable.Of(weight);
            using NumberTable? turned = weight.Transposed ? stored.Transpose() : null;
            for (int row = 0; row < result.Rows; row++)
            {
                ReadOnlySpan<double> numbers = (turned ?? stored).Row(row);
                Span<double> target = result.Row(row);
                for (int column = 0; column < target.Length; column++)
                {
                    double scale = scales[magnitude.GroupSize == 0 ? row : column / (int)magnitude.GroupSize];
                    target[column] = scale * (change.Scale * target[column]) + (scale - 1) * numbers[column];
                }
            }

            return LayerFactors.Of(result.Store(layer.Name), 1);
        }));
    }

    /// <summary>The product without its scale.</summary>
    private static NumberTable Numbers(LayerFactors change)
    {
        if (change.Dense is { } weight)
            return NumberTable.Of(weight);

        using NumberTable up = NumberTable.Of(change.Up);
        using NumberTable down = NumberTable.Of(change.Down);
        return NumberTable.Product(up, down);
    }

    private LayerFactors Transposed(LayerFactors change) => change.Dense is { } weight
        ? LayerFactors.Of(Transposed(weight), change.Scale)
        : new LayerFactors(Transposed(change.Down), Transposed(change.Up), change.Scale);

    private StoredMatrix Transposed(StoredMatrix matrix)
    {
        using NumberTable table = NumberTable.Of(matrix);
        return Kept(table.Transpose()).Store(matrix.Name);
    }

    private T Kept<T>(T memory)
        where T : IDisposable
    {
        _memory.Add(memory);
        return memory;
    }
}
