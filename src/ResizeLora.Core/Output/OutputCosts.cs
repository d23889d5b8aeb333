using ResizeLora.Engine;
using ResizeLora.Safetensors;
using ResizeLora.Selection;

namespace ResizeLora.Output;

/// <summary>What a choice of singular values costs in an output: its bytes by its plan, and its error by the singular values that are dropped.</summary>
/// <param name="layers">The layers among which is chosen.</param>
/// <param name="plan">The plan of a choice.</param>
internal sealed class OutputCosts(IReadOnlyList<DecomposedLayer> layers, Func<KeptValues, OutputPlan> plan) : IOutputCosts
{
    private readonly OutputPlan _empty = plan(new KeptValues([.. layers.Select(_ => Array.Empty<int>())], new int[layers.Count], double.NaN));

    /// <summary>Digits of most offsets.</summary>
    private readonly int _offsetDigits = (int)Math.Log10(layers.Sum(layer => layer.Rank * ((double)layer.Rows + layer.Columns)) + 1) + 1;

    /// <summary>For each layer its bytes at the ranks 1 and 2, from which those at all others follow.</summary>
    private readonly (long First, long Second)?[] _lengths = new (long, long)?[layers.Count];

    /// <summary>What all squared errors are relative to: squares leave the range of float64 long before their root does.</summary>
    private readonly double _unit = layers.Select(layer => layer.FrobeniusNorm).Append(0).Max();

    public long FileLength(KeptValues kept) => plan(kept).FileLength;

    public double RelativeError(KeptValues kept) => RelativeError(layers, kept, _empty);

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
        ElementFormat format = _empty.DTypeOf(layers[layer].Source.Layer).Format();
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
            errors[i + 1] += RoundingError.Squared(format, i + 1, sum, squares);
        }

        return errors;
    }

    /// <summary>‖ΔW − ΔW′‖ / ‖ΔW‖ over all layers, with what rounding is expected to add.</summary>
    public static double RelativeError(IReadOnlyList<DecomposedLayer> layers, KeptValues kept, OutputPlan plan)
    {
        double unit = layers.Select(layer => layer.FrobeniusNorm).Append(0).Max();
        if (unit == 0)
            return 0;

        double whole = 0;
        double lost = 0;
        for (int i = 0; i < layers.Count; i++)
        {
            double[] values = [.. kept.Indices[i].Select(index => layers[i].SingularValues[index] / unit)];
            double dropped = layers[i].NormWithout(kept.Indices[i]) / unit;
            double norm = layers[i].FrobeniusNorm / unit;
            whole += norm * norm;
            lost += dropped * dropped + RoundingError.Squared(plan.DTypeOf(layers[i].Source.Layer).Format(), values.Length, values.Sum(), values.Sum(value => value * value));
        }

        return Math.Sqrt(lost / whole);
    }

    private long Length(int layer, int rank) =>
        _empty.Specs(layers[layer], rank, [.. Enumerable.Range(0, Math.Min(rank, layers[layer].SingularValues.Count))])
            .Sum(spec => SafetensorsLayout.EntryLength(spec, _offsetDigits));
}
