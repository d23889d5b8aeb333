using ResizeLora.Common;

namespace ResizeLora.Output;

/// <summary>Widens factors with zeros to the rank that a loader wants; they add nothing to ΔW.</summary>
internal static class ZeroPadding
{
    /// <summary>A matrix whose rows are longer than those of the given one, with zeros behind them.</summary>
    /// <param name="matrix">The bytes of the matrix; none for a matrix of zeros.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="length">The bytes of the new matrix.</param>
    public static PooledBytes WidenRows(ReadOnlySpan<byte> matrix, int rows, int length)
    {
        var wide = new PooledBytes(length);
        int from = matrix.Length / rows;
        int to = length / rows;
        for (int row = 0; row < rows; row++)
        {
            Span<byte> target = wide.Span.Slice(row * to, to);
            matrix.Slice(row * from, from).CopyTo(target);
            target[from..].Clear();
        }

        return wide;
    }
}
