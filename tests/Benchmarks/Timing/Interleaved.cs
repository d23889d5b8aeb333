using System.Diagnostics;
using ResizeLora.Benchmarks.Reporting;

namespace ResizeLora.Benchmarks.Timing;

/// <summary>Runs a few things in turns, so that whatever else the machine does hits all of them alike.</summary>
internal static class Interleaved
{
    /// <summary>For each run, its seconds in each repetition.</summary>
    public static IReadOnlyList<IReadOnlyList<double>> Run(int repetitions, params IReadOnlyList<TimedRun> runs)
    {
        List<List<double>> seconds = [.. runs.Select(_ => new List<double>())];
        for (int i = 1; i <= repetitions; i++)
        {
            for (int run = 0; run < runs.Count; run++)
                seconds[run].Add(runs[run].Seconds());
            Log.Write($"  {i} of {repetitions}: {string.Join(", ", runs.Zip(seconds, (run, all) => $"{run.Name} {Units.Seconds(all[^1])}"))}");
        }

        return seconds;
    }

    /// <summary>The seconds that something takes, with what others left in memory cleared away before.</summary>
    public static double Time(Action work)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var watch = Stopwatch.StartNew();
        work();
        return watch.Elapsed.TotalSeconds;
    }
}
