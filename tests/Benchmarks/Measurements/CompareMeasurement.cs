using ResizeLora.Benchmarks.Children;
using ResizeLora.Benchmarks.Reporting;
using ResizeLora.Benchmarks.Samples;
using ResizeLora.Benchmarks.Timing;

namespace ResizeLora.Benchmarks.Measurements;

/// <summary>What it takes to compare a large LoRA with its output: time, against that of resizing it, and memory.</summary>
internal sealed class CompareMeasurement : IMeasurement
{
    private const int Rank = 128;
    private const double MostMemory = 700 * Units.Mega;

    public string Name => "compare";

    public string Description => $"a LoRA of rank {Rank} compared with its output, against resizing it";

    public void Run(Workplace workplace, Report report)
    {
        string lora = workplace.Files.Lora(Rank);
        IReadOnlyList<ResizeRecipe> recipes = [workplace.Survey(lora).Thirds[0]];
        using TemporaryFolder outputs = workplace.Files.ComparedFolder();
        ResizeResult result = workplace.Product().Resize([lora], recipes, outputs.Path).Single();
        TimedRun resize = FileRuns.Resize(workplace, "resize", lora, recipes);
        var compare = new TimedRun("compare", () => Interleaved.Time(() => workplace.Product().Compare(lora, result.Path)));
        double error = workplace.Product().Compare(lora, result.Path);
        Log.Write($"  error {error:G9}, by the result {result.RelativeError:G9}");
        IReadOnlyList<IReadOnlyList<double>> times = Interleaved.Run(workplace.Repetitions(5), resize, compare);
        report.Add(ReportRow.OfTimes(Description, new Comparison(times[0], times[1]), must: 1));

        int repetitions = workplace.Repetitions(3);
        ChildTask task = workplace.ChildTask([lora], outputs.Path) with { ComparedWith = result.Path };
        double[] peaks = [.. Enumerable.Range(0, repetitions).Select(_ => (double)Child.Start(task).AboveIdle).Order()];
        double median = peaks[peaks.Length / 2];
        report.Add(new ReportRow("the same: peak of memory, above the idle process", "", Units.Megabytes(median), "", $"< {Units.Megabytes(MostMemory)}", median < MostMemory, $"{Units.Megabytes(peaks[0])} – {Units.Megabytes(peaks[^1])}", repetitions));
    }
}
