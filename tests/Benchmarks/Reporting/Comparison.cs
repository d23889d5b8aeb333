using BenchmarkDotNet.Mathematics;

namespace ResizeLora.Benchmarks.Reporting;

/// <summary>Two runs, measured in turns; values of one index are of one repetition.</summary>
internal sealed record Comparison(IReadOnlyList<double> Baseline, IReadOnlyList<double> Ours)
{
    public int Repetitions => Ours.Count;

    public double BaselineMedian => new Statistics(Baseline).Median;

    public double OursMedian => new Statistics(Ours).Median;

    /// <summary>The ratio of the medians: how many times faster ours is.</summary>
    public double Ratio => BaselineMedian / OursMedian;

    /// <summary>The least and the largest ratio of one repetition.</summary>
    public string Spread => $"{Units.Ratio(Ratios.Min())} – {Units.Ratio(Ratios.Max())}";

    private IEnumerable<double> Ratios => Baseline.Zip(Ours, (baseline, ours) => baseline / ours);
}
