using ResizeLora.Benchmarks.Reporting;
using ResizeLora.Benchmarks.Timing;

namespace ResizeLora.Benchmarks.Measurements;

/// <summary>What further recipes for the same LoRA cost: each keeps a third of the singular values, but by another reference.</summary>
internal sealed class RecipesMeasurement : IMeasurement
{
    private const int Rank = 128;
    private const double Must = 1.5;

    public string Name => "recipes";

    public string Description => $"three recipes on one LoRA of rank {Rank} against one";

    public void Run(Workplace workplace, Report report)
    {
        string lora = workplace.Files.Lora(Rank);
        IReadOnlyList<ResizeRecipe> recipes = workplace.Survey(lora).Thirds;
        TimedRun one = FileRuns.Resize(workplace, "one", lora, [recipes[0]]);
        TimedRun three = FileRuns.Resize(workplace, "three", lora, recipes);
        one.Seconds();
        IReadOnlyList<IReadOnlyList<double>> times = Interleaved.Run(workplace.Repetitions(5), one, three);

        // Turned round: here ours is the one that takes longer.
        var comparison = new Comparison(times[1], times[0]);
        report.Add(new ReportRow(
            Description,
            Units.Seconds(comparison.OursMedian),
            Units.Seconds(comparison.BaselineMedian),
            Units.Ratio(comparison.Ratio),
            $"≤ {Units.Ratio(Must)}",
            comparison.Ratio <= Must,
            comparison.Spread,
            comparison.Repetitions));
    }
}
