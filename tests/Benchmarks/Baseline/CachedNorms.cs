using ResizeLora.Benchmarks.Samples;
using ResizeLora.Engine;
using ResizeLora.Norms;

namespace ResizeLora.Benchmarks.Baseline;

/// <summary>The cached norms of a checkpoint in the form that the baseline takes.</summary>
internal static class CachedNorms
{
    /// <summary>The spectral norm of the base layer, for the name of each layer of a LoRA.</summary>
    public static IReadOnlyDictionary<string, double> Spectral(string lora, BaseNorms norms, INumericEngine engine) =>
        PairedLayers.Of(lora, norms.Checkpoint).ToDictionary(
            pair => pair.Layer.Name,
            pair => norms.Of(pair.BaseLayer, engine, CancellationToken.None).Spectral,
            StringComparer.Ordinal);
}
