namespace ResizeLora.Cmdlet.Tests.Soak;

/// <summary>How something grows over a run: the median of the slopes between all pairs of measurements (Theil and Sen).</summary>
internal static class Growth
{
    /// <summary>Growth over the whole of the run. What is there at some moments only, or comes once, does not count.</summary>
    public static double Of(IReadOnlyList<(double Time, double Value)> measurements)
    {
        double[] slopes =
        [
            .. measurements
                .SelectMany((early, i) => measurements.Skip(i + 1).Select(late => (late.Value - early.Value) / (late.Time - early.Time)))
                .Order(),
        ];
        return (slopes[(slopes.Length - 1) / 2] + slopes[slopes.Length / 2]) / 2 * (measurements[^1].Time - measurements[0].Time);
    }
}
