using ResizeLora.Adapters;
using ResizeLora.Adapters.Names;
using ResizeLora.Adapters.Types;
using ResizeLora.Decomposition;
using ResizeLora.Pairing;
using ResizeLora.Safetensors;

namespace ResizeLora.Core.Tests.Support;

/// <summary>Decomposed layers without a file.</summary>
internal static class SampleLayer
{
    public static DecomposedLayer Create(string name, int rows, int columns, params double[] singularValues)
    {
        int rank = singularValues.Length;
        AdapterLayer layer = Lora(name, rows, columns, rank);
        return new DecomposedLayer(new LayerSource(layer, "digest", new LayerPair(null, AdapterComponent.Unet), null), "file", rank, singularValues);
    }

    /// <summary>A LoRA layer as a file's header tells it.</summary>
    public static AdapterLayer Lora(string name, long rows, long columns, long rank) => new(
        name,
        new LoraType(),
        new AdapterTensors(new Dictionary<TensorRole, TensorInfo>
        {
            [TensorRole.Up] = new($"{name}.lora_up.weight", SafetensorsDType.F32, [rows, rank], 0, 4 * rows * rank),
            [TensorRole.Down] = new($"{name}.lora_down.weight", SafetensorsDType.F32, [rank, columns], 4 * rows * rank, 4 * (rows + columns) * rank),
        }),
        WrittenNames.For(name));
}
