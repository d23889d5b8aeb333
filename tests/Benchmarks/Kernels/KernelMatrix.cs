using ResizeLora.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Benchmarks.Kernels;

/// <summary>Matrices of float16 as a file has them.</summary>
internal static class KernelMatrix
{
    /// <summary>Gaussian noise.</summary>
    public static StoredMatrix Gaussian(long rows, long columns)
    {
        using DisposeScope scope = NewDisposeScope();
        return Store(randn(rows, columns));
    }

    /// <summary>Noise with one direction that stands out of it.</summary>
    public static StoredMatrix Trained(long rows, long columns)
    {
        using DisposeScope scope = NewDisposeScope();
        using Scalar strength = 0.2;
        return Store(randn(rows, columns) + randn(rows, 1).matmul(randn(1, columns)).mul(strength));
    }

    /// <summary>A copy in libtorch's memory, widened.</summary>
    public static Tensor Read(StoredMatrix matrix)
    {
        using Tensor stored = empty(matrix.Rows, matrix.Columns, ScalarType.Float16);
        matrix.Bytes.Span.CopyTo(stored.bytes);
        return stored.to(ScalarType.Float32);
    }

    private static StoredMatrix Store(Tensor matrix) =>
        new("kernel", matrix.to(ScalarType.Float16).bytes.ToArray(), SafetensorsDType.F16, matrix.shape[0], matrix.shape[1]);
}
