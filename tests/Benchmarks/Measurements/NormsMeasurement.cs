using ResizeLora.Benchmarks.Baseline;
using ResizeLora.Benchmarks.Machine;
using ResizeLora.Benchmarks.Ours;
using ResizeLora.Benchmarks.Reporting;
using ResizeLora.Benchmarks.Samples;
using ResizeLora.Benchmarks.Timing;
using ResizeLora.Checkpoints;
using ResizeLora.Common;
using ResizeLora.Norms;
using ResizeLora.Safetensors;

namespace ResizeLora.Benchmarks.Measurements;

/// <summary>The norms of all base layers, where none is cached.</summary>
internal sealed class NormsMeasurement : IMeasurement
{
    private const int Rank = 32;
    private const double Must = 3;

    public string Name => "norms";

    public string Description => "all base norms of SDXL from nothing";

    public void Run(Workplace workplace, Report report)
    {
        string lora = workplace.Files.Lora(Rank);
        TimedRun knownNorms = FileRuns.Baseline(workplace, lora);
        FileCache.Fill(workplace.Files.Checkpoint);
        IReadOnlyList<IReadOnlyList<double>> times = Interleaved.Run(
            workplace.Repetitions(3),
            new TimedRun("baseline norms", () => Baseline(workplace, lora)),
            new TimedRun("ResizeLora norms", () => Ours(workplace, lora, withHash: false)),
            new TimedRun("with hash", () => Ours(workplace, lora, withHash: true)),
            new TimedRun("baseline's resizing", knownNorms.Seconds),
            new TimedRun("first run", () => FirstRun(workplace, lora)));
        report.Add(ReportRow.OfTimes(Description, new Comparison(times[0], times[1]), Must));
        report.Add(ReportRow.OfTimes("the same, with hashing the checkpoint, which the baseline does not do", new Comparison(times[0], times[2]), null));
        report.Add(ReportRow.OfTimes(
            $"a first run: norms, hashes and resizing a LoRA of rank {Rank}",
            new Comparison([.. times[0].Zip(times[3], (norms, resizing) => norms + resizing)], times[4]),
            null));
        report.Add(NormsAccuracy.Measure(workplace, lora));
    }

    private static double Baseline(Workplace workplace, string lora)
    {
        using BaseCheckpoint checkpoint = workplace.Product().OpenCheckpoint();
        using SafetensorsFile file = SafetensorsFile.Open(checkpoint.Path);
        IReadOnlyList<BaseLayer> layers = PairedLayers.BaseLayersOf(lora, checkpoint);
        return Interleaved.Time(() => LibTorch.OnAllProcessors(() =>
        {
            foreach (BaseLayer layer in layers)
                BaselineNorms.Of(file, layer);
        }));
    }

    /// <summary>As the pipeline does it: layers in parallel, norms saved in a cache that knows the checkpoint by its hash.</summary>
    private static double Ours(Workplace workplace, string lora, bool withHash)
    {
        using TemporaryFolder cache = workplace.Files.TemporaryFolder();
        return Interleaved.Time(() =>
        {
            string? folder = withHash ? cache.Path : null;
            using BaseCheckpoint checkpoint = BaseCheckpoint.Open(workplace.Files.Checkpoint, folder, new Silence(), CancellationToken.None);
            var norms = new BaseNorms(checkpoint, folder is null ? null : new NormCache(folder, new Silence()));
            IEnumerable<BaseLayer> layers = PairedLayers.BaseLayersOf(lora, checkpoint);
            foreach (var _ in OrderedParallel.Select(
                layers,
                Environment.ProcessorCount,
                CancellationToken.None,
                layer => norms.Of(layer, workplace.Engine, CancellationToken.None)))
            {
            }

            norms.Save();
        });
    }

    private static double FirstRun(Workplace workplace, string lora)
    {
        using TemporaryFolder folder = workplace.Files.TemporaryFolder();
        ResizeRecipe recipe = workplace.Survey(lora).Thirds[0];
        var product = new Product(workplace.Engine, workplace.Files.Checkpoint, Path.Combine(folder.Path, "cache"));
        return Interleaved.Time(() => product.Resize([lora], [recipe], folder.Path));
    }
}
