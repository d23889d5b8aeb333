using ResizeLora.Common;
using ResizeLora.Engine;
using ResizeLora.Torch.Kernels;
using static TorchSharp.torch;

namespace ResizeLora.Torch.Numerics;

/// <summary>
/// The fast way to the singular values of B·A. With AAᵀ = LLᵀ, A = L·Ã where Ã has orthonormal rows, so that B·A has
/// the singular values of B·L, whose squares are the eigenvalues of LᵀBᵀBL: r × r work after one pass over the factors.
/// </summary>
internal static class GramRoute
{
    /// <summary>Machine precision of float64 times this is what the Gram route may lose, relative to σ₁.</summary>
    private const double GramLimit = 1e5;

    /// <summary>
    /// Decomposes B·A; null where squaring would lose too much: then ‖BᵀB‖·‖AAᵀ‖·ε is no longer small against σ₁·σ_min.
    /// </summary>
    /// <param name="gramB">BᵀB, r × r.</param>
    /// <param name="gramA">AAᵀ, r × r.</param>
    /// <param name="count">How many singular values there are.</param>
    public static SingularBasis? Decompose(Tensor gramB, Tensor gramA, int count)
    {
        int rank = (int)gramB.shape[0];
        double[] normsA = RootDiagonal(gramA.Numbers<double>(), rank);
        double[] scale = [.. RootDiagonal(gramB.Numbers<double>(), rank).Zip(normsA, Balance)];
        Tensor balancedA = Scaled(gramA, scale);
        Tensor balancedB = Scaled(gramB, [.. scale.Select(factor => 1 / factor)]);

        (Tensor lower, Tensor failure) = linalg.cholesky_ex(balancedA);
        if (failure.item<int>() != 0)
            return null;

        (Tensor squares, Tensor eigenvectors) = linalg.eigh(lower.t().mm(balancedB).mm(lower));
        ReadOnlySpan<double> ascending = squares.Numbers<double>();
        double[] values = new double[count];
        for (int i = 0; i < count; i++)
            values[i] = Math.Sqrt(Math.Max(0, ascending[rank - 1 - i]));

        double error = LargestEigenvalue(balancedA.Numbers<double>(), rank) * LargestEigenvalue(balancedB.Numbers<double>(), rank);
        return error <= GramLimit * values[0] * values[^1]
            ? new SingularBasis(values, Coefficients(lower.mm(eigenvectors), scale, count), Copy(gramB), normsA)
            : null;
    }

    private static double[] RootDiagonal(ReadOnlySpan<double> gram, int rank)
    {
        double[] roots = new double[rank];
        for (int i = 0; i < rank; i++)
            roots[i] = Math.Sqrt(gram[i * rank + i]);
        return roots;
    }

    private static Tensor Scaled(Tensor gram, double[] scale)
    {
        int rank = scale.Length;
        Tensor scaled = empty(rank, rank, ScalarType.Float64);
        ReadOnlySpan<double> source = gram.Numbers<double>();
        Span<double> target = scaled.Numbers<double>();
        for (int row = 0; row < rank; row++)
        {
            for (int column = 0; column < rank; column++)
                target[row * rank + column] = source[row * rank + column] * (scale[row] * scale[column]);
        }

        return scaled;
    }

    /// <summary>X = D⁻¹·L·V, with the columns in descending order of σ.</summary>
    private static NumberBuffer Coefficients(Tensor product, double[] scale, int count)
    {
        int rank = scale.Length;
        ReadOnlySpan<double> source = product.Numbers<double>();
        var buffer = new NumberBuffer(rank * count);
        Span<double> coefficients = buffer.Span;
        for (int row = 0; row < rank; row++)
        {
            double factor = 1 / scale[row];
            for (int column = 0; column < count; column++)
                coefficients[row * count + column] = source[row * rank + rank - 1 - column] * factor;
        }

        return buffer;
    }

    private static NumberBuffer Copy(Tensor matrix)
    {
        ReadOnlySpan<double> numbers = matrix.Numbers<double>();
        var buffer = new NumberBuffer(numbers.Length);
        numbers.CopyTo(buffer.Span);
        return buffer;
    }

    /// <summary>
    /// A power of two, so that scaling is exact, that gives row j of A and column j of B equal norms: an imbalance
    /// between the factors must not cost digits.
    /// </summary>
    private static double Balance(double normB, double normA) =>
        Math.Pow(2, Math.Round((Math.Log2(Math.Max(normB, 1e-150)) - Math.Log2(Math.Max(normA, 1e-150))) / 2));

    /// <summary>A few steps of power iteration: a lower bound, near enough to judge rounding errors by.</summary>
    private static double LargestEigenvalue(ReadOnlySpan<double> gram, int rank)
    {
        const int steps = 4;
        double[] vector = new double[rank];
        double[] product = new double[rank];
        Array.Fill(vector, 1 / Math.Sqrt(rank));
        double norm = 0;
        for (int step = 0; step < steps; step++)
        {
            for (int i = 0; i < rank; i++)
                product[i] = DoubleVector.Dot(gram.Slice(i * rank, rank), vector);
            norm = DoubleVector.Norm(product);
            DoubleVector.Scale(product, 1 / norm);
            (vector, product) = (product, vector);
        }

        return norm;
    }
}
