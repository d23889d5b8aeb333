using ResizeLora.Engine;
using ResizeLora.Safetensors;
using ResizeLora.Torch.Kernels;

namespace ResizeLora.Torch.Numerics;

/// <summary>
/// The Frobenius norm of what storing a pair of factors in a format adds to ΔW. With residues δU and δD it is that of δU·D + U·δD + δU·δD.
/// The terms are independent, so the squares of their norms add up; these follow from the residues and the Gram matrices of U and D, which
/// are known: Σ, or Σ in another basis.
/// </summary>
internal sealed class StorageError<T> : IDisposable
    where T : unmanaged
{
    /// <summary>In smaller layers chance may make the terms alike by more than a percent; there, all is multiplied out.</summary>
    private const long SmallLayer = 1 << 17;

    /// <summary>If fewer singular values count, rotated factors are so alike that their errors are too.</summary>
    private const double FewValues = 2;

    private readonly ElementFormat _format;
    private readonly RankRotation? _rotation;
    private readonly bool _isExact;
    private readonly double[] _values;

    /// <param name="format">The format.</param>
    /// <param name="rows">m.</param>
    /// <param name="columns">n.</param>
    /// <param name="values">The singular values that are kept.</param>
    /// <param name="rotation">The basis of rank space that the factors are in; null for that of the singular vectors.</param>
    public StorageError(ElementFormat format, int rows, int columns, double[] values, RankRotation? rotation)
    {
        (_format, _values, _rotation) = (format, values, rotation);
        _isExact = IsSmall(rows, columns) || (rotation is not null && RankRotation.ExpectedShare(values) * values.Length < FewValues);
        bool keepsAll = _isExact || rotation is not null;
        Up = new Residues<T>(format, rows, values.Length, areColumns: true, keepsAll);
        Down = new Residues<T>(format, values.Length, columns, areColumns: false, keepsAll);
    }

    /// <summary>δU.</summary>
    public Residues<T> Up { get; }

    /// <summary>δD.</summary>
    public Residues<T> Down { get; }

    /// <summary>Whether chance plays a part in how large the error of a layer is.</summary>
    public static bool IsSmall(long rows, long columns) => rows * columns < SmallLayer;

    /// <summary>The norm.</summary>
    /// <param name="up">The left factor's bytes.</param>
    /// <param name="down">The right factor's bytes.</param>
    /// <param name="signs">The signs that were given to the vectors.</param>
    /// <param name="scale">What the factors were multiplied by.</param>
    public double Of(ReadOnlyMemory<byte> up, ReadOnlyMemory<byte> down, double[] signs, FactorScale scale)
    {
        if (_isExact)
            return Math.Sqrt(Math.Max(0, Exact(up, down))) / (scale.Up * scale.Down);

        return Math.Sqrt(_rotation is null ? OfVectors(scale) : OfRotated(_rotation, signs, scale));
    }

    private double OfVectors(FactorScale scale)
    {
        double sum = 0;
        for (int i = 0; i < _values.Length; i++)
            sum += _values[i] * (Up.Squares[i] / (scale.Up * scale.Up) + Down.Squares[i] / (scale.Down * scale.Down));
        return sum;
    }

    private double OfRotated(RankRotation rotation, double[] signs, FactorScale scale)
    {
        int rank = _values.Length;
        double[] up = new double[rank * rank];
        double[] down = new double[rank * rank];
        GramMatrix.OfColumns(Up.All, up);
        GramMatrix.OfRows(Down.All, down);
        double[] weights = rotation.Gram(_values);
        double[] stretch = [.. rotation.Stretch.Zip(signs, (factor, sign) => factor * sign)];
        double sum = 0;
        for (int i = 0; i < rank; i++)
        {
            for (int j = 0; j < rank; j++)
            {
                double both = stretch[i] * stretch[j];
                double upSquare = up[i * rank + j] / (scale.Up * scale.Up);
                double downSquare = down[i * rank + j] / (scale.Down * scale.Down);

                // Where errors average out, what is left is so small that δU·δD counts.
                sum += weights[i * rank + j] * (upSquare / both + downSquare * both) + upSquare * downSquare;
            }
        }

        return sum;
    }

    /// <summary>The square of the norm of δU·D + (U + δU)·δD, from products of factors of the same rank.</summary>
    private double Exact(ReadOnlyMemory<byte> up, ReadOnlyMemory<byte> down)
    {
        using NumberTable upResidues = NumberTable.Of(Up.All);
        using NumberTable downResidues = NumberTable.Of(Down.All);
        using NumberTable upRead = NumberTable.Of(Up.All with { Bytes = up, DType = _format.DType });
        using NumberTable downNumbers = NumberTable.Of(Down.All with { Bytes = down, DType = _format.DType });
        for (int i = 0; i < downNumbers.Numbers.Length; i++)
            downNumbers.Numbers[i] -= downResidues.Numbers[i];

        using NumberTable upTransposed = upRead.Transpose();
        using NumberTable residuesTransposed = upResidues.Transpose();
        using NumberTable downTransposed = downNumbers.Transpose();
        using NumberTable downResiduesTransposed = downResidues.Transpose();
        return Trace(residuesTransposed, upResidues, downNumbers, downTransposed)
            + Trace(upTransposed, upRead, downResidues, downResiduesTransposed)
            + 2 * Trace(residuesTransposed, upRead, downResidues, downTransposed);

        // The trace of (a · b) · (c · d).
        static double Trace(NumberTable a, NumberTable b, NumberTable c, NumberTable d)
        {
            using NumberTable left = NumberTable.Product(a, b);
            using NumberTable right = NumberTable.Product(c, d);
            using NumberTable turned = right.Transpose();
            return DoubleVector.Dot(left.Numbers, turned.Numbers);
        }
    }

    public void Dispose()
    {
        Up.Dispose();
        Down.Dispose();
    }
}
