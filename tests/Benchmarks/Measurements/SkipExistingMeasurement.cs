using System.Globalization;
using BenchmarkDotNet.Mathematics;
using ResizeLora.Benchmarks.Children;
using ResizeLora.Benchmarks.Machine;
using ResizeLora.Benchmarks.Reporting;
using ResizeLora.Benchmarks.Samples;
using ResizeLora.Norms;

namespace ResizeLora.Benchmarks.Measurements;

/// <summary>A run over files whose outputs all exist, in the shell, as a scheduled job does it.</summary>
internal sealed class SkipExistingMeasurement : IMeasurement
{
    private const double Must = 0.020;

    public string Name => "skip";

    public string Description => "a run whose outputs all exist, -SkipExisting, per file";

    public void Run(Workplace workplace, Report report)
    {
        string first = workplace.Files.Many(ManyFilesMeasurement.Many)[0];
        ResizeRecipe recipe = workplace.Survey(first).Thirds[0];

        // Makes what is missing.
        RunShell(workplace, recipe);
        var seconds = new List<double>();
        for (int i = 0; i < workplace.Repetitions(5); i++)
        {
            ShellRun run = RunShell(workplace, recipe);
            if (run.Results != 0 || run.Libraries != 0)
                throw new InvalidOperationException($"{run.Results} outputs were made again, and libtorch was loaded {run.Libraries} times.");
            seconds.Add(run.Milliseconds / 1000 / ManyFilesMeasurement.Many);
        }

        double median = new Statistics(seconds).Median;
        report.Add(new ReportRow(
            $"{Description}; libtorch is not loaded",
            "",
            Units.Seconds(median),
            "",
            $"< {Units.Seconds(Must)}",
            median < Must,
            $"{Units.Seconds(seconds.Min())} – {Units.Seconds(seconds.Max())}",
            seconds.Count));
    }

    private static ShellRun RunShell(Workplace workplace, ResizeRecipe recipe)
    {
        SampleFiles files = workplace.Files;
        using TemporaryFolder folder = files.TemporaryFolder();
        string script = Path.Combine(folder.Path, "skip.ps1");
        using (Stream source = typeof(SkipExistingMeasurement).Assembly.GetManifestResourceStream("SkipExisting.ps1")!)
        using (FileStream target = File.Create(script))
            source.CopyTo(target);

        string output = ProgramProcess.Run(
            [AssemblyData.Of("Shell"), script, files.ManyFolder, files.Checkpoint, recipe.ToString(), files.ManyOutputs],
            new Dictionary<string, string> { [NormCache.FolderVariable] = files.Cache });
        double[] numbers = [.. output.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
        return new ShellRun(numbers[0], (int)numbers[1], (int)numbers[2]);
    }

    private sealed record ShellRun(double Milliseconds, int Results, int Libraries);
}
