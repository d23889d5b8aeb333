using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Benchmarks.Baseline;

/// <summary>
/// The singular value decomposition of a LoRA layer, as the original computes it, in float32: QR of up and of downᵀ, SVD
/// of the r × r core, and the products that make the singular vectors.
/// </summary>
/// <remarks>https://github.com/elias-gaeros/resize_lora</remarks>
internal sealed record BaselineDecomposition(Tensor U, Tensor Sigma, Tensor Vt)
{
    /// <param name="up">m × r.</param>
    /// <param name="down">r × n.</param>
    /// <param name="scale">alpha / r.</param>
    public static BaselineDecomposition Of(Tensor up, Tensor down, double scale)
    {
        using DisposeScope scope = NewDisposeScope();

        // Held until the end: libtorch may still read a temporary scalar when the garbage collector has freed it.
        using Scalar factor = scale;
        (Tensor qUp, Tensor rUp) = linalg.qr(up);
        (Tensor qDown, Tensor rDown) = linalg.qr(down.t());
        (Tensor u, Tensor sigma, Tensor vt) = linalg.svd(rUp.matmul(rDown.t()), fullMatrices: false);
        return new BaselineDecomposition(
            qUp.matmul(u).MoveToOuterDisposeScope(),
            sigma.mul(factor).MoveToOuterDisposeScope(),
            vt.matmul(qDown.t()).MoveToOuterDisposeScope());
    }

    /// <summary>The first k singular values and vectors as float16 factors, a root of σ on each side.</summary>
    public (Tensor Up, Tensor Down) Truncate(int k)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor root = Sigma.narrow(0, 0, k).sqrt();
        Tensor up = (U.narrow(1, 0, k) * root.unsqueeze(0)).to(ScalarType.Float16);
        Tensor down = (Vt.narrow(0, 0, k) * root.unsqueeze(1)).to(ScalarType.Float16);
        return (up.MoveToOuterDisposeScope(), down.MoveToOuterDisposeScope());
    }
}
