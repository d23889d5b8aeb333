using ResizeLora.Checkpoints;
using ResizeLora.Norms;
using ResizeLora.Pipeline;
using ResizeLora.Testing;

namespace ResizeLora.Torch.Tests.Support;

/// <summary>The whole pipeline over the real engine, in a folder of its own.</summary>
internal sealed class ResizeBench : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public JobRecorder Host { get; } = new();

    public List<ResizeLoraException> Errors => Host.Errors;

    public List<string> Warnings => Host.Warnings;

    /// <summary>The layers of a LoRA, decomposed; beside the base, if there is one.</summary>
    public IReadOnlyList<DecomposedLayer> Decompose(SampleFile lora, SampleFile? checkpoint = null)
    {
        using BaseCheckpoint? opened = Open(checkpoint);
        return [.. Pipeline(new ResizeOptions(), opened).Decompose(lora.Write(_folder["lora.safetensors"]))];
    }

    /// <summary>Resizes a LoRA.</summary>
    /// <returns>What a loader makes of the output's layers; null where there is no output but an error.</returns>
    public IReadOnlyDictionary<string, Matrix>? Resize(SampleFile lora, string recipe, ResizePrecision precision, SampleFile? checkpoint = null)
    {
        Errors.Clear();
        try
        {
            return Write(lora, recipe, precision, checkpoint) is { } result ? LoraFile.EffectiveDeltas(result.Path) : null;
        }
        catch (ResizeLoraException exception)
        {
            Errors.Add(exception);
            return null;
        }
    }

    /// <summary>Resizes a LoRA, and says what was written; null if nothing was.</summary>
    public ResizeResult? Write(SampleFile lora, string recipe, ResizePrecision precision, SampleFile? checkpoint = null, int workers = 2, bool skipExisting = false)
    {
        using BaseCheckpoint? opened = Open(checkpoint);
        string path = lora.Write(_folder["lora.safetensors"]);
        var options = new ResizeOptions { Precision = precision, Overwrite = true, Workers = workers, SkipExisting = skipExisting };
        return Pipeline(options, opened).Resize(path, [ResizeRecipe.Parse(recipe)]).SingleOrDefault();
    }

    /// <summary>Decomposes a LoRA, keeps its layers, and resizes those.</summary>
    public ResizeResult WriteKept(SampleFile lora, string recipe, ResizePrecision precision, SampleFile? checkpoint = null)
    {
        IReadOnlyList<DecomposedLayer> layers = Decompose(lora, checkpoint);
        using BaseCheckpoint? opened = Open(checkpoint);
        var options = new ResizeOptions { Precision = precision, Overwrite = true };
        return Pipeline(options, opened).Resize(layers[0].Path, [(ResizeRecipe.Parse(recipe), layers)]).Single();
    }

    public void Dispose() => _folder.Dispose();

    private ResizePipeline Pipeline(ResizeOptions options, BaseCheckpoint? checkpoint) =>
        new(new(TestEngine.Torch), checkpoint is null ? null : new BaseNorms(checkpoint, cache: null), options, new OutputGuard(options), new OutputReview(Host), Host, CancellationToken.None);

    private BaseCheckpoint? Open(SampleFile? checkpoint) =>
        checkpoint is null ? null : BaseCheckpoint.Open(checkpoint.Write(_folder["base.safetensors"]), cacheFolder: null, new JobRecorder(), CancellationToken.None);
}
