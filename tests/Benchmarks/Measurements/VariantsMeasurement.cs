using ResizeLora.Benchmarks.Reporting;
using ResizeLora.Benchmarks.Timing;

namespace ResizeLora.Benchmarks.Measurements;

/// <summary>What other ways to keep about as much take longer than the usual one: another precision, another kind of recipe. All in turns, in one run.</summary>
internal sealed class VariantsMeasurement(int rank, int repetitions) : IMeasurement
{
    private const double Must = 1.2;

    public string Name => $"variants{rank}";

    public string Description => $"variants of the same work on a LoRA of rank {rank} against Float16";

    public void Run(Workplace workplace, Report report)
    {
        string lora = workplace.Files.Lora(rank);
        IReadOnlyList<ResizeRecipe> recipes = [workplace.Survey(lora).Thirds[0]];
        TimedRun usual = FileRuns.Resize(workplace, "Float16", lora, recipes);
        TimedRun[] variants =
        [
            FileRuns.Resize(workplace, "Float8", lora, recipes, ResizePrecision.Float8),
        ];
        usual.Seconds();
        IReadOnlyList<IReadOnlyList<double>> times = Interleaved.Run(workplace.Repetitions(repetitions), [usual, .. variants]);
        for (int i = 0; i < variants.Length; i++)
        {
            // Turned round: here ours is the one that takes longer.
            var comparison = new Comparison(times[i + 1], times[0]);
            report.Add(new ReportRow(
                $"{variants[i].Name} against Float16, rank {rank}",
                Units.Seconds(comparison.OursMedian),
                Units.Seconds(comparison.BaselineMedian),
                Units.Ratio(comparison.Ratio),
                $"≤ {Units.Ratio(Must)}",
                comparison.Ratio <= Must,
                comparison.Spread,
                comparison.Repetitions));
        }
    }
}
