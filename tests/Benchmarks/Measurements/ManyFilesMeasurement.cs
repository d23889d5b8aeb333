using ResizeLora.Benchmarks.Children;
using ResizeLora.Benchmarks.Reporting;
using ResizeLora.Benchmarks.Samples;

namespace ResizeLora.Benchmarks.Measurements;

/// <summary>Whether time grows in proportion to the number of files, and memory not at all.</summary>
internal sealed class ManyFilesMeasurement : IMeasurement
{
    /// <summary>How many files there are.</summary>
    public const int Many = 50;

    private const int Few = 5;
    private const double TimeMust = 1.1;
    private const double MemoryMust = 1.1;

    public string Name => "many";

    public string Description => $"time and memory for {Many} LoRAs against {Few}";

    public void Run(Workplace workplace, Report report)
    {
        IReadOnlyList<string> loras = workplace.Files.Many(Many);
        var few = new List<ChildOutcome>();
        var many = new List<ChildOutcome>();
        int repetitions = workplace.Repetitions(3);
        for (int i = 0; i < repetitions; i++)
        {
            few.Add(Resize(workplace, [.. loras.Take(Few)]));
            many.Add(Resize(workplace, loras));
            Log.Write($"  {i + 1} of {repetitions}: {Describe(few[^1])}, {Describe(many[^1])}");
        }

        report.Add(Row(
            $"time per file, {Many} LoRAs against {Few}",
            new Comparison([.. many.Select(run => run.Seconds / Many)], [.. few.Select(run => run.Seconds / Few)]),
            TimeMust,
            Units.Seconds));
        report.Add(Row(
            $"peak of memory above the idle process, {Many} LoRAs against {Few}",
            new Comparison([.. many.Select(run => (double)run.AboveIdle)], [.. few.Select(run => (double)run.AboveIdle)]),
            MemoryMust,
            Units.Megabytes));
    }

    /// <summary>The few stand where the baseline is in other rows.</summary>
    private static ReportRow Row(string metric, Comparison manyToFew, double must, Func<double, string> show) => new(
        metric,
        show(manyToFew.OursMedian),
        show(manyToFew.BaselineMedian),
        Units.Ratio(manyToFew.Ratio),
        $"≤ {Units.Ratio(must)}",
        manyToFew.Ratio <= must,
        manyToFew.Spread,
        manyToFew.Repetitions);

    private static ChildOutcome Resize(Workplace workplace, IReadOnlyList<string> loras)
    {
        using TemporaryFolder outputs = workplace.Files.TemporaryFolder();
        return Child.Start(workplace.ChildTask(loras, outputs.Path));
    }

    private static string Describe(ChildOutcome outcome) => $"{Units.Seconds(outcome.Seconds)} and {Units.Megabytes(outcome.AboveIdle)}";
}
