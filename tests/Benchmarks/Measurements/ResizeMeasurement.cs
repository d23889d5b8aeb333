using ResizeLora.Benchmarks.Reporting;
using ResizeLora.Benchmarks.Timing;

namespace ResizeLora.Benchmarks.Measurements;

/// <summary>The whole way from a LoRA to a smaller one, with the norms of the checkpoint cached.</summary>
internal sealed class ResizeMeasurement(int rank, double must) : IMeasurement
{
    public string Name => $"rank{rank}";

    public string Description => $"decomposition, selection and writing of a LoRA of rank {rank}, norms cached";

    public void Run(Workplace workplace, Report report)
    {
        string lora = workplace.Files.Lora(rank);
        TimedRun ours = FileRuns.Resize(workplace, "ResizeLora", lora, [workplace.Survey(lora).Thirds[0]]);
        TimedRun baseline = FileRuns.Baseline(workplace, lora);
        FileRuns.WarmUp(workplace, lora);
        IReadOnlyList<IReadOnlyList<double>> times = Interleaved.Run(workplace.Repetitions(5), baseline, ours);
        report.Add(ReportRow.OfTimes(Description, new Comparison(times[0], times[1]), must));
    }
}
