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
        var layer = new AdapterLayer(
            name,
            new TensorInfo($"{name}.lora_up.weight", SafetensorsDType.F32, [rows, rank], 0, 4L * rows * rank),
            new TensorInfo($"{name}.lora_down.weight", SafetensorsDType.F32, [rank, columns], 4L * rows * rank, 4L * (rows + columns) * rank),
            Alpha: null,
            $"{name}.alpha");
        return new DecomposedLayer(new LayerSource(layer, "digest", null, null), "file", AdapterComponent.Unet, rank, singularValues);
    }
}
