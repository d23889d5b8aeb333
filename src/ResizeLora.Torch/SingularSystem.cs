using static TorchSharp.torch;

namespace ResizeLora.Torch;

/// <summary>The singular values of B·A, and the means to make its singular vectors; all in float64.</summary>
/// <param name="values">Descending; min(m, r, n) of them.</param>
/// <param name="vectors">The unit vectors (as columns of U, rows of Vᵀ) that belong to the given indices.</param>
internal sealed class SingularSystem(Tensor values, Func<Tensor, (Tensor U, Tensor Vt)> vectors)
{
    /// <summary>Machine precision of float64 times this is what the Gram route may lose, relative to σ₁.</summary>
    private const double GramLimit = 1e5;

    /// <summary>σ, descending.</summary>
    public Tensor Values { get; } = values;

    /// <summary>The left (m × k) and right (k × n) singular vectors of the given indices.</summary>
    public (Tensor U, Tensor Vt) Vectors(Tensor indices) => vectors(indices);

    /// <summary>Decomposes B·A by the fast route where that is accurate, else by the safe one.</summary>
    /// <param name="b">m × r.</param>
    /// <param name="a">r × n.</param>
    /// <param name="gramB">BᵀB.</param>
    /// <param name="gramA">AAᵀ.</param>
    public static SingularSystem Of(Tensor b, Tensor a, Tensor gramB, Tensor gramA) =>
        ByGram(b, a, gramB, gramA) ?? ByQr(b, a);

    /// <summary>
    /// With AAᵀ = SSᵀ, A = S·Ã where Ã has orthonormal rows, so that B·A has the singular values of B·S, whose
    /// squares are the eigenvalues of SᵀBᵀBS: r × r work after one pass over the factors. A symmetric root
    /// (S = Q√Λ) survives rank deficiency, where Cholesky would not.
    /// Returns null where squaring would lose too much: then ‖BᵀB‖·‖AAᵀ‖·ε is no longer small against σ₁·σ_min.
    /// </summary>
    private static SingularSystem? ByGram(Tensor b, Tensor a, Tensor gramB, Tensor gramA)
    {
        // Equal norms for row j of A and column j of B: an imbalance between the factors must not cost digits.
        // Powers of two, so that the scaling itself is exact.
        Tensor scale = pow(2.0, ((LogDiagonal(gramB) - LogDiagonal(gramA)) / 4).round());
        Tensor balancedA = gramA * scale.unsqueeze(0) * scale.unsqueeze(1);
        Tensor balancedB = gramB / scale.unsqueeze(0) / scale.unsqueeze(1);

        (Tensor lambda, Tensor q) = linalg.eigh(balancedA);
        Tensor root = q * lambda.clamp_min(0).sqrt().unsqueeze(0);
        Tensor product = root.t().matmul(balancedB).matmul(root);
        (Tensor squares, Tensor eigenvectors) = linalg.eigh((product + product.t()) / 2);

        int count = (int)Math.Min(b.shape[1], Math.Min(b.shape[0], a.shape[1]));
        Tensor values = squares.flip(0).narrow(0, 0, count).clamp_min(0).sqrt();
        double largest = values[0].item<double>();
        double smallest = values[count - 1].item<double>();
        double error = lambda[-1].item<double>() * linalg.norm(balancedB, 2).item<double>();
        if (!(error <= GramLimit * largest * smallest))
            return null;

        // X = S·V̂ gives U·Σ = B·X and Σ·Vᵀ = Σ⁻¹·XᵀBᵀB·A, without dividing by the small eigenvalues of AAᵀ.
        Tensor x = scale.reciprocal().unsqueeze(1) * root.matmul(eigenvectors.flip(1));
        return new SingularSystem(values, indices =>
        {
            Tensor kept = x.index_select(1, indices);
            Tensor sigma = values.index_select(0, indices);
            Tensor u = b.matmul(kept) / sigma.unsqueeze(0);
            Tensor vt = kept.t().matmul(gramB).matmul(a) / sigma.square().unsqueeze(1);
            return (u, vt);
        });
    }

    private static Tensor LogDiagonal(Tensor gram) => gram.diagonal().clamp_min(1e-300).log2();

    /// <summary>QR of both factors and an SVD of the small core: slower, and exact to float64 relative to σ₁.</summary>
    private static SingularSystem ByQr(Tensor b, Tensor a)
    {
        (Tensor qb, Tensor rb) = linalg.qr(b);
        (Tensor qa, Tensor ra) = linalg.qr(a.t().contiguous());
        (Tensor u, Tensor values, Tensor vt) = linalg.svd(rb.matmul(ra.t()), fullMatrices: false);
        return new SingularSystem(values, indices => (
            qb.matmul(u.index_select(1, indices)),
            vt.index_select(0, indices).matmul(qa.t())));
    }
}
