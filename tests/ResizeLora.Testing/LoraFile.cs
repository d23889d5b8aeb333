using ResizeLora.Adapters;
using ResizeLora.Decomposition;
using ResizeLora.Engine;

namespace ResizeLora.Testing;

/// <summary>What a loader makes of a LoRA, a file or a folder of PEFT's, in float64.</summary>
internal static class LoraFile
{
    /// <summary>The effective ΔW = (alpha / rank) · up · down of each layer.</summary>
    public static Dictionary<string, Matrix> EffectiveDeltas(string path) =>
        Layers(path).ToDictionary(pair => pair.Key, pair => pair.Value.Scale * (pair.Value.Up * pair.Value.Down), StringComparer.Ordinal);

    /// <summary>The exact decomposition of each layer's up · down, with its scale.</summary>
    public static Dictionary<string, (double Scale, Matrix Up, Matrix Down)> Layers(string path)
    {
        using var source = AdapterSource.Open(path);
        return AdapterContents.Read(source).Layers.ToDictionary(
            layer => layer.Name,
            layer =>
            {
                LayerFactors factors = (LayerFactors)LayerReader.Read(source.File, layer).Change;
                return (factors.Scale, PlainEngine.ToMatrix(factors.Up), PlainEngine.ToMatrix(factors.Down));
            },
            StringComparer.Ordinal);
    }
}
