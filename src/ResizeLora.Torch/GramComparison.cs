using ResizeLora.Engine;
using ResizeLora.Safetensors;
using ResizeLora.Torch.Kernels;

namespace ResizeLora.Torch.Numerics;

/// <summary>
/// The fast way to the distance of two changes that are far from each other: with G = LᵀL and H = RRᵀ of both factors side by side, all inner
/// products are sums of entries of G ∘ H. What that may lose, squares being subtracted, is known; near each other it is not used.
/// </summary>
internal static class GramComparison
{
    /// <summary>Rounding errors of the sums, relative to the products of the norms of what is summed: several times machine precision.</summary>
    private const double Rounding = 8 * 1.1e-16;

    /// <summary>How large the error of a square may be, relative to the square.</summary>
    private const double Tolerance = 1e-9;

    /// <summary>The distance; null where too many digits would be lost, or the factors are not stored alike.</summary>
    public static ChangeDistance? Of(IReadOnlyList<LayerFactors> reference, IReadOnlyList<LayerFactors> difference)
    {
        if (reference is not [{ Dense: null } a] || difference is not [{ Dense: null } b] || !AreAlike(a.Up, b.Up) || !AreAlike(a.Down, b.Down))
            return null;

        int rankOfA = (int)a.Up.Columns;
        int rank = rankOfA + (int)b.Up.Columns;
        double[] left = new double[rank * rank];
        double[] right = new double[rank * rank];
        GramMatrix.OfColumns(SideBySide(a.Up, b.Up), left);
        GramMatrix.OfRows(OneAboveTheOther(a.Down, b.Down), right);
        if (!GramMatrix.IsOrdinary(left, rank) || !GramMatrix.IsOrdinary(right, rank))
            return null;

        double scale = Math.Max(Math.Abs(a.Scale), Math.Abs(b.Scale));
        double shareOfA = a.Scale / scale;
        double shareOfB = b.Scale / scale;
        double largestOfA = Math.Abs(shareOfA) * Largest(0, rankOfA);
        double largestOfB = Math.Abs(shareOfB) * Largest(rankOfA, rank);
        double squaresOfA = shareOfA * shareOfA * Sum(0, rankOfA, 0, rankOfA);
        double squaresOfB = shareOfB * shareOfB * Sum(rankOfA, rank, rankOfA, rank);
        double product = shareOfA * shareOfB * Sum(0, rankOfA, rankOfA, rank);
        double squares = squaresOfA - 2 * product + squaresOfB;
        if (!IsExact(squaresOfA, largestOfA) || !IsExact(squaresOfB, largestOfB) || !IsExact(squares, largestOfA + largestOfB))
            return null;

        return new ChangeDistance(
            scale * Math.Sqrt(squaresOfA),
            scale * Math.Sqrt(squaresOfB),
            scale * Math.Sqrt(squares),
            Math.Clamp(product / Math.Sqrt(squaresOfA) / Math.Sqrt(squaresOfB), -1, 1));

        double Sum(int firstRow, int endRow, int firstColumn, int endColumn)
        {
            double sum = 0;
            for (int row = firstRow; row < endRow; row++)
                sum += DoubleVector.Dot(left.AsSpan(row * rank + firstColumn, endColumn - firstColumn), right.AsSpan(row * rank + firstColumn, endColumn - firstColumn));
            return sum;
        }

        // The sum of the norms of the products of a column and a row.
        double Largest(int first, int end) => Enumerable.Range(first, end - first).Sum(i => Math.Sqrt(left[i * rank + i] * right[i * rank + i]));
    }

    private static bool IsExact(double squares, double largest) => squares > 0 && Rounding * largest * largest <= Tolerance * squares;

    private static bool AreAlike(StoredMatrix one, StoredMatrix other) => one.DType == other.DType && !one.Transposed && !other.Transposed;

    private static StoredMatrix OneAboveTheOther(StoredMatrix upper, StoredMatrix lower)
    {
        byte[] bytes = new byte[upper.Bytes.Length + lower.Bytes.Length];
        upper.Bytes.CopyTo(bytes);
        lower.Bytes.Span.CopyTo(bytes.AsSpan(upper.Bytes.Length));
        return upper with { Bytes = bytes, Rows = upper.Rows + lower.Rows };
    }

    private static StoredMatrix SideBySide(StoredMatrix left, StoredMatrix right)
    {
        int leftBytes = (int)left.Columns * left.Format.Size;
        int rightBytes = (int)right.Columns * right.Format.Size;
        byte[] bytes = new byte[left.Rows * (leftBytes + rightBytes)];
        for (int row = 0; row < left.Rows; row++)
        {
            Span<byte> target = bytes.AsSpan(row * (leftBytes + rightBytes));
            left.Bytes.Span.Slice(row * leftBytes, leftBytes).CopyTo(target);
            right.Bytes.Span.Slice(row * rightBytes, rightBytes).CopyTo(target[leftBytes..]);
        }

        return left with { Bytes = bytes, Columns = left.Columns + right.Columns };
    }
}
