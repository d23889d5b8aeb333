using System.Numerics;

namespace ResizeLora.Testing;

/// <summary>
/// Matrices whose singular values are known without computing: columns of a Hadamard matrix are orthogonal, and of a size
/// of 4ⁿ all its entries, divided by their norm, are powers of two. So every type holds them exactly.
/// </summary>
internal static class Hadamard
{
    /// <summary>Rows and columns.</summary>
    public const int Size = 64;

    /// <summary>Up of Size × r and down of r × Size with singular values |leftᵢ · rightᵢ|, in the order of i.</summary>
    public static (Matrix Up, Matrix Down) Factors(IReadOnlyList<double> left, IReadOnlyList<double> right)
    {
        // Other columns on the other side, so that nothing is symmetric by chance.
        Matrix up = new Matrix(Size, left.Count).Map((row, k) => Entry(row, k + 1) * left[k]);
        Matrix down = new Matrix(right.Count, Size).Map((k, column) => Entry(column, Size - 1 - k) * right[k]);
        return (up, down);
    }

    /// <summary>Sylvester's: the sign is the parity of the bits that both indices have.</summary>
    private static double Entry(int row, int column) => (BitOperations.PopCount((uint)(row & column)) % 2 == 0 ? 1 : -1) / Math.Sqrt(Size);
}
