namespace ResizeLora.Common;

/// <summary>The root of a sum of squares.</summary>
internal static class EuclideanNorm
{
    /// <summary>Divided by the largest first: squares leave the range of float64 long before their root does.</summary>
    public static double Of(IEnumerable<double> values)
    {
        double[] all = [.. values];
        double largest = all.Length == 0 ? 0 : all.Max(Math.Abs);
        return largest == 0 || !double.IsFinite(largest) ? largest : largest * Math.Sqrt(all.Sum(value => value / largest * (value / largest)));
    }
}
