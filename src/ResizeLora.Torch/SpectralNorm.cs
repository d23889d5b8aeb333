using ResizeLora.Torch.Kernels;

namespace ResizeLora.Torch.Numerics;

/// <summary>
/// The largest singular value of W by Lanczos iteration on WᵀW with full reorthogonalisation, from two random vectors
/// side by side. It stops when a probabilistic upper bound shows that the larger Ritz value, which is always a lower
/// bound, is near enough.
/// </summary>
/// <remarks>
/// The bound: M. Hochstenbach, Probabilistic upper bounds for the matrix two-norm, J. Sci. Comput. 57 (2013).
/// The Lanczos polynomial p_k has v_{k+1} = p_k(WᵀW) v₁, so p_k(σ₁²) ≤ 1 / |γ|, where γ is the component of the random
/// unit vector v₁ along the right singular vector of σ₁. |γ| is below δ only with probability δ·√(2n/π). Beyond its
/// largest zero, the Ritz value squared, p_k grows; where it reaches 1/δ is an upper bound of σ₁². Two independent
/// vectors must both be unlucky, so their probabilities multiply, and far fewer steps will do; a pass over W for both
/// hardly costs more than one.
/// </remarks>
internal static class SpectralNorm
{
    /// <summary>The chance that both start vectors are so unlucky that the bound does not hold.</summary>
    private const double FailureProbability = 1e-6;

    private const int MaximumSteps = 1000;

    /// <summary>Random, and the same in every run: results must be repeatable.</summary>
    private const int Seed = 20130607;

    /// <summary>Computes σ_max(W) / ‖W‖_F.</summary>
    public static double Relative(INormalOperator matrix, double tolerance, CancellationToken cancellation)
    {
        var random = new Random(Seed);
        LanczosRun[] runs = [new(matrix.Columns, random), new(matrix.Columns, random)];
        int steps = Math.Min(Math.Min(matrix.Rows, matrix.Columns), MaximumSteps);
        double square = 0;
        for (int step = 1; step <= steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            (double[] first, double[] second) = matrix.Apply(runs[0].Vector, runs[1].Vector);
            bool goesOn = runs[0].Add(first) & runs[1].Add(second);
            square = runs.Max(run => run.Tridiagonal.LargestEigenvalue(square));
            double bound = square * (1 + tolerance) * (1 + tolerance);
            if (!goesOn || runs.Sum(run => LogImprobability(run, bound, matrix.Columns)) >= -Math.Log(FailureProbability))
                break;
        }

        return Math.Sqrt(square);
    }

    /// <summary>−ln of the probability that σ₁² is beyond the bound and this run has not seen it.</summary>
    private static double LogImprobability(LanczosRun run, double bound, int columns) =>
        Math.Max(0, Math.Log(run.Tridiagonal.NextPolynomial(bound)) - Math.Log(2 * columns / Math.PI) / 2);
}
