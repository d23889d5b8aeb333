using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using ResizeLora.Benchmarks.Measurements;
using ResizeLora.Benchmarks.Reporting;
using ResizeLora.Benchmarks.Samples;

namespace ResizeLora.Benchmarks.Kernels;

/// <summary>Single layers, by BenchmarkDotNet.</summary>
internal sealed class KernelMeasurement : IMeasurement
{
    public string Name => "kernels";

    public string Description => "single layers, by BenchmarkDotNet: the baseline on all processors, ResizeLora on one";

    public void Run(Workplace workplace, Report report)
    {
        using TemporaryFolder artifacts = workplace.Files.TemporaryFolder();

        // In this process: another one would not find libtorch.
        IConfig config = ManualConfig.CreateEmpty()
            .AddJob(Job.Default.WithIterationCount(15).WithToolchain(InProcessEmitToolchain.Instance))
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(NullLogger.Instance)
            .WithArtifactsPath(artifacts.Path);
        KernelEngine.Current = workplace.Engine;
        foreach (Type kernels in new[] { typeof(DecompositionKernels), typeof(NormKernels) })
        {
            var table = new AccumulationLogger();
            MarkdownExporter.GitHub.ExportToLog(BenchmarkRunner.Run(kernels, config), table);
            report.AddText($"{kernels.Name}:", table.GetLog());
        }
    }
}
