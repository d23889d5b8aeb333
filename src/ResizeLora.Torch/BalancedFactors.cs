using ResizeLora.Engine;
using ResizeLora.Torch.Kernels;
using static TorchSharp.torch;

namespace ResizeLora.Torch.Numerics;

/// <summary>U·√Σ (m × k) and √Σ·Vᵀ (k × n) of chosen singular values of Up · Down, without the layer's scale.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed record BalancedFactors<T>(NumberMatrix<T> Up, NumberMatrix<T> Down) : IDisposable
    where T : unmanaged
{
    public void Dispose()
    {
        Up.Dispose();
        Down.Dispose();
    }
}

/// <summary>Makes balanced factors: the fast way where the layer has a basis, else the safe one.</summary>
internal static class BalancedFactors
{
    /// <summary>From the QR route, or that for weights without factors, always in double precision.</summary>
    public static BalancedFactors<double> BySafeWay(TensorReader reader, LayerFactors layer, IReadOnlyList<int> indices)
    {
        if (layer.Dense is { } weight)
        {
            (Tensor up, Tensor down) = DenseRoute.Balanced(reader, weight, indices);
            return new BalancedFactors<double>(ToMatrix(up), ToMatrix(down));
        }

        (Tensor u, Tensor values, Tensor vt) = QrRoute.Vectors(reader, layer);
        Tensor chosen = tensor(indices.Select(index => (long)index).ToArray()).to(values.device);
        Tensor root = values.index_select(0, chosen).sqrt();
        return new BalancedFactors<double>(
            ToMatrix(u.index_select(1, chosen) * root.unsqueeze(0)),
            ToMatrix(vt.index_select(0, chosen) * root.unsqueeze(1)));
    }

    /// <summary>From a basis: U·√Σ = Up·X·Σ^-½ and √Σ·Vᵀ = Σ⁻¹·(X·Σ^-½)ᵀ·G·Down.</summary>
    public static BalancedFactors<T> ByBasis<T>(LayerFactors layer, BasisCoefficients coefficients)
        where T : unmanaged
    {
        NumberMatrix<T> up = ThinProduct<T>.OfTransposed(layer.Up, coefficients.Up);
        try
        {
            return new BalancedFactors<T>(up, ThinProduct<T>.Of(coefficients.Down, layer.Down));
        }
        catch
        {
            up.Dispose();
            throw;
        }
    }

    private static NumberMatrix<double> ToMatrix(Tensor tensor)
    {
        var matrix = new NumberMatrix<double>((int)tensor.shape[0], (int)tensor.shape[1], (int)tensor.shape[0], (int)tensor.shape[1]);
        tensor.contiguous().cpu().Numbers<double>().CopyTo(matrix.Numbers);
        return matrix;
    }
}
