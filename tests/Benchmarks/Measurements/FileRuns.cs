using ResizeLora.Benchmarks.Baseline;
using ResizeLora.Benchmarks.Machine;
using ResizeLora.Benchmarks.Ours;
using ResizeLora.Benchmarks.Reporting;
using ResizeLora.Benchmarks.Samples;
using ResizeLora.Benchmarks.Timing;
using ResizeLora.Checkpoints;

namespace ResizeLora.Benchmarks.Measurements;

/// <summary>Runs over whole LoRAs; what they write is removed afterwards, before the disk gets to it.</summary>
internal static class FileRuns
{
    // The baseline's float32 puts a singular value here and there on the other side of the threshold.
    private const double RankTolerance = 0.001;

    /// <summary>ResizeLora with cached norms.</summary>
    public static TimedRun Resize(Workplace workplace, string name, string lora, IReadOnlyList<ResizeRecipe> recipes, ResizePrecision precision = ResizePrecision.Float16) =>
        new(name, () => Resize(workplace, workplace.Product(), lora, recipes, precision));

    /// <summary>The seconds that it takes to resize a LoRA.</summary>
    public static double Resize(Workplace workplace, Product product, string lora, IReadOnlyList<ResizeRecipe> recipes, ResizePrecision precision = ResizePrecision.Float16)
    {
        using TemporaryFolder outputs = workplace.Files.TemporaryFolder();
        return Interleaved.Time(() => product.Resize([lora], recipes, outputs.Path, precision: precision));
    }

    /// <summary>The original's algorithm, with norms that are known.</summary>
    public static TimedRun Baseline(Workplace workplace, string lora)
    {
        BaselineResize baseline = CreateBaseline(workplace, lora);
        return new TimedRun("baseline", () =>
        {
            using TemporaryFolder outputs = workplace.Files.TemporaryFolder();
            return Interleaved.Time(() => LibTorch.OnAllProcessors(() => baseline.Run(lora, TargetIn(outputs))));
        });
    }

    /// <summary>
    /// Runs both once, unmeasured: code is compiled, the LoRA is in the system's memory, and both have done the same work.
    /// </summary>
    public static void WarmUp(Workplace workplace, string lora)
    {
        using TemporaryFolder outputs = workplace.Files.TemporaryFolder();
        int baselineRank = 0;
        LibTorch.OnAllProcessors(() => baselineRank = CreateBaseline(workplace, lora).Run(lora, TargetIn(outputs)));
        ResizeResult result = workplace.Product().Resize([lora], [workplace.Survey(lora).Thirds[0]], outputs.Path).Single();
        Log.Write($"  rank {result.SourceRank} -> {result.Rank}, the baseline's {baselineRank}");
        if (Math.Abs(baselineRank - result.Rank) > result.Rank * RankTolerance)
            throw new InvalidOperationException("The baseline has not done the same as ResizeLora.");
    }

    private static BaselineResize CreateBaseline(Workplace workplace, string lora)
    {
        using BaseCheckpoint checkpoint = workplace.Product().OpenCheckpoint();
        return new BaselineResize(
            CachedNorms.Spectral(lora, workplace.Product().NormsOf(checkpoint), workplace.Engine),
            workplace.Survey(lora).SpectralThreshold);
    }

    private static string TargetIn(TemporaryFolder outputs) => Path.Combine(outputs.Path, "baseline.safetensors");
}
