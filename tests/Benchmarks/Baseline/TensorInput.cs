using ResizeLora.Safetensors;
using static TorchSharp.torch;

namespace ResizeLora.Benchmarks.Baseline;

/// <summary>Reads float16 tensors straight into libtorch's memory, and widens them.</summary>
internal static class TensorInput
{
    /// <summary>Reads a tensor as a matrix of float32: rows = first dimension.</summary>
    public static Tensor Read(SafetensorsFile file, TensorInfo tensor)
    {
        long rows = tensor.Shape.Count > 0 ? tensor.Shape[0] : 1;
        return Read(file, tensor, 0, rows, tensor.ElementCount / rows, ScalarType.Float32);
    }

    /// <summary>Reads some rows of a tensor.</summary>
    public static Tensor Read(SafetensorsFile file, TensorInfo tensor, long firstRow, long rows, long columns, ScalarType type)
    {
        if (tensor.DType != SafetensorsDType.F16)
            throw new NotSupportedException($"'{tensor.Name}' is {tensor.DType}; the samples are float16.");

        using Tensor stored = empty(rows, columns, ScalarType.Float16);
        file.Read(file.Header.DataStart + tensor.Begin + firstRow * columns * sizeof(short), stored.bytes);
        return stored.to(type);
    }
}
