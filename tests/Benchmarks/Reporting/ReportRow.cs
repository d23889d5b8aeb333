namespace ResizeLora.Benchmarks.Reporting;

/// <summary>One line of the table of results; all cells are text, because each line is in units of its own.</summary>
/// <param name="Metric">What was measured.</param>
/// <param name="Baseline">The median of what it is compared with.</param>
/// <param name="Ours">The median of ours.</param>
/// <param name="Ratio">The one over the other.</param>
/// <param name="Must">What is asked for.</param>
/// <param name="IsMet">Whether it is; null where nothing is asked for.</param>
/// <param name="Spread">The least and the largest ratio of one repetition.</param>
/// <param name="Repetitions">How often it was measured.</param>
internal sealed record ReportRow(string Metric, string Baseline, string Ours, string Ratio, string Must, bool? IsMet, string Spread, int Repetitions)
{
    /// <summary>A line of two times, of which the first should be the longer one.</summary>
    public static ReportRow OfTimes(string metric, Comparison times, double? must) => new(
        metric,
        Units.Seconds(times.BaselineMedian),
        Units.Seconds(times.OursMedian),
        Units.Ratio(times.Ratio),
        must is null ? "" : $"≥ {Units.Ratio(must.Value)}",
        must is null ? null : times.Ratio >= must,
        times.Spread,
        times.Repetitions);
}
