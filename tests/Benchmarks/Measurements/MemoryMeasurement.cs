using ResizeLora.Benchmarks.Children;
using ResizeLora.Benchmarks.Reporting;
using ResizeLora.Benchmarks.Samples;

namespace ResizeLora.Benchmarks.Measurements;

/// <summary>The most memory that a large LoRA needs, above that of an idle process with libtorch loaded.</summary>
internal sealed class MemoryMeasurement : IMeasurement
{
    private const int Rank = 128;
    private const double Must = 700 * Units.Mega;

    public string Name => "memory";

    public string Description => $"peak of memory for a LoRA of rank {Rank}, above the idle process";

    public void Run(Workplace workplace, Report report)
    {
        string lora = workplace.Files.Lora(Rank);
        var baseline = new List<double>();
        var ours = new List<double>();
        int repetitions = workplace.Repetitions(3);
        for (int i = 0; i < repetitions; i++)
        {
            baseline.Add(Peak(workplace, lora, isBaseline: true));
            ours.Add(Peak(workplace, lora, isBaseline: false));
            Log.Write($"  {i + 1} of {repetitions}: baseline {Units.Megabytes(baseline[^1])}, ResizeLora {Units.Megabytes(ours[^1])}");
        }

        var comparison = new Comparison(baseline, ours);
        report.Add(new ReportRow(
            $"{Description} ({Units.Megabytes(new FileInfo(lora).Length)})",
            Units.Megabytes(comparison.BaselineMedian),
            Units.Megabytes(comparison.OursMedian),
            Units.Ratio(comparison.Ratio),
            $"< {Units.Megabytes(Must)}",
            comparison.OursMedian < Must,
            comparison.Spread,
            repetitions));
    }

    private static double Peak(Workplace workplace, string lora, bool isBaseline)
    {
        using TemporaryFolder outputs = workplace.Files.TemporaryFolder();
        return Child.Start(workplace.ChildTask([lora], outputs.Path) with { IsBaseline = isBaseline }).AboveIdle;
    }
}
