using ResizeLora.Common;
using ResizeLora.Engine;
using ResizeLora.Norms;
using ResizeLora.Output;
using ResizeLora.Pipeline;

namespace ResizeLora.Benchmarks.Ours;

/// <summary>ResizeLora as its cmdlets drive it, from the opening of the checkpoint on.</summary>
internal sealed class Product(INumericEngine engine, string checkpointPath, string cache)
{
    /// <summary>Decomposes all layers of a LoRA.</summary>
    public IReadOnlyList<DecomposedLayer> Decompose(string lora)
    {
        var settings = new PipelineSettings();
        using BaseCheckpoint checkpoint = OpenCheckpoint();
        return [.. Pipeline(checkpoint, settings, new OutputGuard(settings), new Silence()).Decompose(lora)];
    }

    /// <summary>Resizes LoRAs one after the other; each is hashed as one that was never seen before.</summary>
    public IReadOnlyList<ResizeResult> Resize(
        IReadOnlyList<string> loras,
        IReadOnlyList<ResizeRecipe> recipes,
        string destination,
        IPipelineObserver? observer = null)
    {
        var settings = new PipelineSettings { Output = OutputPath.In(destination) };
        var guard = new OutputGuard(settings);
        using BaseCheckpoint checkpoint = OpenCheckpoint();
        return [.. loras.SelectMany(lora => Pipeline(checkpoint, settings, guard, observer ?? new Silence()).Resize(lora, recipes))];
    }

    public BaseCheckpoint OpenCheckpoint() =>
        BaseCheckpoint.Open(checkpointPath, new NormCache(cache, Silence.Refuse), Silence.Refuse, CancellationToken.None);

    private ResizePipeline Pipeline(BaseCheckpoint checkpoint, PipelineSettings settings, OutputGuard guard, IPipelineObserver observer) =>
        new(new(engine), checkpoint, settings, guard, observer, CancellationToken.None);
}
