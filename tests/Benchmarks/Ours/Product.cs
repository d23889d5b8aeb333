using ResizeLora.Checkpoints;
using ResizeLora.Engine;
using ResizeLora.Norms;
using ResizeLora.Output;
using ResizeLora.Pipeline;
using ResizeLora.Testing;

namespace ResizeLora.Benchmarks.Ours;

/// <summary>ResizeLora as its cmdlets drive it, from the opening of the checkpoint on.</summary>
internal sealed class Product(INumericEngine engine, string checkpointPath, string cache)
{
    /// <summary>Decomposes all layers of a LoRA.</summary>
    public IReadOnlyList<DecomposedLayer> Decompose(string lora)
    {
        var options = new ResizeOptions();
        using BaseCheckpoint checkpoint = OpenCheckpoint();
        return [.. Pipeline(checkpoint, options, new OutputGuard(options), new Silence()).Decompose(lora)];
    }

    /// <summary>Resizes LoRAs one after the other; each is hashed as one that was never seen before.</summary>
    public IReadOnlyList<ResizeResult> Resize(
        IReadOnlyList<string> loras,
        IReadOnlyList<ResizeRecipe> recipes,
        string destination,
        IJobHost? host = null,
        ResizePrecision precision = ResizePrecision.Float16)
    {
        var options = new ResizeOptions { Output = OutputPath.In(destination), Precision = precision };
        var guard = new OutputGuard(options);
        using BaseCheckpoint checkpoint = OpenCheckpoint();
        ResizePipeline pipeline = Pipeline(checkpoint, options, guard, host ?? new Silence());
        return [.. loras.SelectMany(lora => pipeline.Resize(lora, recipes))];
    }

    /// <summary>Compares a LoRA with another one.</summary>
    /// <returns>The relative error over all layers.</returns>
    public double Compare(string reference, string difference)
    {
        using var job = new CompareJob(new(engine), new ResizeOptions { Checkpoint = [checkpointPath], CacheFolder = cache }, reference, new Silence(), CancellationToken.None);
        return LoraDifferenceSummary.Of([.. job.Compare([difference])]).Last().RelativeError!.Value;
    }

    /// <summary>The norms of the checkpoint, as they are cached.</summary>
    public BaseNorms NormsOf(BaseCheckpoint checkpoint) => new(checkpoint, new NormCache(cache, new Silence()));

    public BaseCheckpoint OpenCheckpoint() =>
        BaseCheckpoint.Open(checkpointPath, cache, new Silence(), CancellationToken.None);

    private ResizePipeline Pipeline(BaseCheckpoint checkpoint, ResizeOptions options, OutputGuard guard, IJobHost host) =>
        new(new(engine), NormsOf(checkpoint), options, guard, new OutputReview(host), host, CancellationToken.None);
}
