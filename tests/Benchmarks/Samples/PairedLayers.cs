using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;

namespace ResizeLora.Benchmarks.Samples;

/// <summary>The layers of a LoRA, each with the layer of the checkpoint that it modifies.</summary>
internal static class PairedLayers
{
    public static IReadOnlyList<(AdapterLayer Layer, BaseLayer BaseLayer)> Of(string lora, BaseCheckpoint checkpoint)
    {
        using SafetensorsFile file = SafetensorsFile.Open(lora);
        IReadOnlyList<AdapterLayer> layers = AdapterContents.Read(file.Header, lora).Layers;
        var pairs = new AdapterPairs(layers, lora, checkpoint.Index);
        return [.. layers.Select(layer => (layer, pairs.Of(layer).BaseLayer ?? throw new InvalidOperationException($"'{layer.Name}' is not in the checkpoint.")))];
    }

    /// <summary>The layers of the checkpoint that a LoRA modifies, each once.</summary>
    public static IReadOnlyList<BaseLayer> BaseLayersOf(string lora, BaseCheckpoint checkpoint) =>
        [.. Of(lora, checkpoint).Select(pair => pair.BaseLayer).DistinctBy(layer => layer.Name)];
}
