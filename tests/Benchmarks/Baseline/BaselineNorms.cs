using ResizeLora.Checkpoints;
using ResizeLora.Engine;
using ResizeLora.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Benchmarks.Baseline;

/// <summary>Norms of a base layer as the original computes them, in float32.</summary>
internal static class BaselineNorms
{
    private const int Iterations = 64;

    public static MatrixNorms Of(SafetensorsFile file, BaseLayer layer)
    {
        using DisposeScope scope = NewDisposeScope();
        return Of(TensorInput.Read(file, layer.Pieces[0].Weight.Info, layer.Pieces[0].First, layer.Rows, layer.Columns, ScalarType.Float32));
    }

    public static MatrixNorms Of(Tensor weight)
    {
        using DisposeScope scope = NewDisposeScope();
        return new MatrixNorms(Spectral(weight), weight.norm().item<float>());
    }

    /// <summary>
    /// The randomised subspace iteration of Halko et al. with a subspace of one vector, step by step what
    /// <c>torch.svd_lowrank(W, q=1, niter=64)</c> does; it counts on more rows than columns.
    /// </summary>
    private static double Spectral(Tensor weight)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor w = weight.shape[0] < weight.shape[1] ? weight.t() : weight;
        Tensor transposed = w.t();
        Tensor q = Orthonormal(w, randn(w.shape[1], 1));
        for (int i = 0; i < Iterations; i++)
            q = Orthonormal(w, Orthonormal(transposed, q));

        return q.t().matmul(w).norm().item<float>();
    }

    private static Tensor Orthonormal(Tensor matrix, Tensor vectors)
    {
        using DisposeScope scope = NewDisposeScope();
        return linalg.qr(matrix.matmul(vectors)).Q.MoveToOuterDisposeScope();
    }
}
