using ResizeLora.Engine;
using ResizeLora.Safetensors;
using ResizeLora.Selection;

namespace ResizeLora.Output;

/// <summary>What a choice of singular values costs in an output: its bytes by its plan, and its error by the singular values that are dropped.</summary>
/// <param name="layers">The layers among which is chosen.</param>
/// <param name="plan">The plan of a choice.</param>
/// <param name="rounding">What to multiply the norm of what rounding is expected to add to each layer by.</param>
internal sealed class OutputCosts(IReadOnlyList<DecomposedLayer> layers, Func<KeptValues, OutputPlan> plan, Func<int, double> rounding) : IOutputCosts
{
    private readonly OutputPlan _empty = plan(new KeptValues([.. layers.Select(_ => Array.Empty<int>())], new int[layers.Count], double.NaN));

    /// <summary>Digits of most offsets.</summary>
    private readonly int _offsetDigits = (int)Math.Log10(layers.Sum(layer => layer.Rank * ((double)layer.Rows + layer.Columns)) + 1) + 1;

    /// <summary>For each layer its bytes at the ranks 1 and 2, from which those at all others follow.</summary>
    private readonly (long First, long Second)?[] _lengths = new (long, long)?[layers.Count];

    /// <summary>What all squared errors are relative to: squares leave the range of float64 long before their root does.</summary>
    private readonly double _unit = layers.Select(layer => layer.FrobeniusNorm).Append(0).Max();

    public long FileLength(KeptValues kept) => plan(kept).FileLength;

    public double RelativeError(KeptValues kept) =>
        FileError.Relative(layers, layer => FileError.Of(layers[layer], kept.Indices[layer], rounding(layer) * FileError.ExpectedRounding(layers[layer], kept.Indices[layer], FormatOf(layer))), _ => 1) ?? 0;

    public long LayerLength(int layer, int rank)
    {
        if (rank == 0)
            return 0;

        (long first, long second) = _lengths[layer] ??= (Length(layer, 1), Length(layer, 2));
        int digits = (int)Math.Log10(rank);

        // Both factors have the rank in their shapes.
        return first + (rank - 1) * (second - first) + 2 * digits;
    }

    public IReadOnlyList<double> SquaredErrors(int layer)
    {
        IReadOnlyList<double> values = layers[layer].SingularValues;
        ElementFormat format = FormatOf(layer);
        double factor = rounding(layer) * rounding(layer);
        double unit = _unit > 0 ? _unit : 1;
        double[] errors = new double[values.Count + 1];

        // The small ones first, so that none is lost.
        for (int i = values.Count - 1; i >= 0; i--)
            errors[i] = errors[i + 1] + values[i] / unit * (values[i] / unit);
        (double sum, double squares) = (0, 0);
        for (int i = 0; i < values.Count; i++)
        {
            double value = values[i] / unit;
            sum += value;
            squares += value * value;
            errors[i + 1] += factor * RoundingError.Squared(format, i + 1, sum, squares);
        }

        return errors;
    }

    private ElementFormat FormatOf(int layer) => _empty.DTypeOf(layers[layer].Source.Layer).Format();

    private long Length(int layer, int rank) =>
        _empty.Specs(layers[layer], rank, [.. Enumerable.Range(0, Math.Min(rank, layers[layer].SingularValues.Count))])
            .Sum(spec => SafetensorsLayout.EntryLength(spec, _offsetDigits));
}
