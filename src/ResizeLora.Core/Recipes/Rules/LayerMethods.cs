namespace ResizeLora.Recipes.Rules;

/// <summary>
/// The rules of kohya's resize_lora.py, which choose a rank for each layer by its own singular values and leave no layer out:
/// https://github.com/kohya-ss/sd-scripts, networks/resize_lora.py, as of commit 063ef10.
/// </summary>
internal abstract class LayerMethod : LayerRule
{
    public sealed override int Rank(LayerSpectrum layer) => layer.IsNegligible ? 1 : Math.Max(1, Count(layer.SingularValues));

    /// <summary>How many of a layer's singular values are kept.</summary>
    protected abstract int Count(IReadOnlyList<double> values);

    /// <summary>The fewest singular values whose measures add up to a share of the sum of all.</summary>
    protected static int Fewest(IReadOnlyList<double> values, Func<double, double> measure, double share)
    {
        double wanted = share * values.Sum(measure);
        double sum = 0;
        int count = 0;
        while (count < values.Count && sum < wanted)
            sum += measure(values[count++]);
        return count;
    }
}

/// <summary>sv_ratio: keeps singular values above the largest one divided by a number.</summary>
internal sealed class RatioRule(double ratio) : LayerMethod
{
    public override string Value => Print(ratio);

    protected override int Count(IReadOnlyList<double> values) => values.Count(value => value > values[0] / ratio);
}

/// <summary>sv_fro: keeps the fewest singular values that have a share of the Frobenius norm.</summary>
internal sealed class FrobeniusRule(double share) : LayerMethod
{
    public override string Value => Print(share);

    protected override int Count(IReadOnlyList<double> values)
    {
        // Divided by the largest first: squares leave the range of float64 long before their root does.
        double largest = values[0];
        return Fewest(values, value => value / largest * (value / largest), share * share);
    }
}

/// <summary>sv_cumulative: keeps the fewest singular values that have a share of the sum of all.</summary>
internal sealed class CumulativeRule(double share) : LayerMethod
{
    public override string Value => Print(share);

    protected override int Count(IReadOnlyList<double> values) => Fewest(values, value => value, share);
}
