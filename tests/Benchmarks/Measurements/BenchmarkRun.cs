using ResizeLora.Benchmarks.CommandLine;
using ResizeLora.Benchmarks.Machine;
using ResizeLora.Benchmarks.Reporting;
using ResizeLora.Benchmarks.Samples;
using ResizeLora.Engine;

namespace ResizeLora.Benchmarks.Measurements;

/// <summary>Everything that the command line asks for, and the report at the end.</summary>
internal sealed class BenchmarkRun(BenchmarkOptions options)
{
    public void Run()
    {
        using var folder = new FolderLock(options.Folder);
        INumericEngine engine = LibTorch.Load();
        var files = new SampleFiles(options.Folder, options.IsSmall);
        var workplace = new Workplace(engine, files, options.Repetitions);
        var report = new Report(ThisMachine.Description);
        var use = new ProcessorUse();
        foreach (IMeasurement measurement in options.Measurements)
        {
            Log.Write($"{measurement.Name}: {measurement.Description}");
            measurement.Run(workplace, report);
        }

        Console.WriteLine(report.ToMarkdown(use.Others));
    }
}
