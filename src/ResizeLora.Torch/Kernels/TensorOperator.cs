using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Torch.Kernels;

/// <summary>WᵀW of a matrix of single precision, with ‖W‖_F = 1, that is on a device.</summary>
internal sealed class TensorOperator(Tensor matrix) : INormalOperator
{
    public int Rows => (int)matrix.shape[0];

    public int Columns => (int)matrix.shape[1];

    /// <inheritdoc/>
    public (double[] First, double[] Second) Apply(double[] first, double[] second)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor vectors = stack([tensor(first), tensor(second)], 1).to(ScalarType.Float32).to(matrix.device);
        Tensor normal = matrix.t().mm(matrix.mm(vectors)).to(ScalarType.Float64);
        double[] results = [.. normal.t().contiguous().cpu().data<double>()];
        return (results[..first.Length], results[first.Length..]);
    }
}
