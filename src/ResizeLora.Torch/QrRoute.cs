using ResizeLora.Engine;
using static TorchSharp.torch;

namespace ResizeLora.Torch.Numerics;

/// <summary>
/// The safe way to the singular values of B·A: QR of both factors and an SVD of the small core; slower, and exact to
/// float64 relative to σ₁.
/// </summary>
internal static class QrRoute
{
    /// <summary>The min(m, r, n) singular values, descending.</summary>
    public static double[] Values(TensorReader reader, LayerFactors layer)
    {
        (_, Tensor rb, _, Tensor ra) = Factorise(reader, layer);
        return [.. linalg.svdvals(rb.mm(ra.t())).cpu().data<double>()];
    }

    /// <summary>The singular vectors, as columns of U and rows of Vᵀ, with their values.</summary>
    public static (Tensor U, Tensor Values, Tensor Vt) Vectors(TensorReader reader, LayerFactors layer)
    {
        (Tensor qb, Tensor rb, Tensor qa, Tensor ra) = Factorise(reader, layer);
        (Tensor u, Tensor values, Tensor vt) = linalg.svd(rb.mm(ra.t()), fullMatrices: false);
        return (qb.mm(u), values, vt.mm(qa.t()));
    }

    private static (Tensor Qb, Tensor Rb, Tensor Qa, Tensor Ra) Factorise(TensorReader reader, LayerFactors layer)
    {
        (Tensor qb, Tensor rb) = linalg.qr(reader.Read(layer.Up, ScalarType.Float64));
        (Tensor qa, Tensor ra) = linalg.qr(reader.Read(layer.Down, ScalarType.Float64).t().contiguous());
        return (qb, rb, qa, ra);
    }
}
