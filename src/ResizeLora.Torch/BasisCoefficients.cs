using ResizeLora.Engine;
using ResizeLora.Torch.Kernels;

namespace ResizeLora.Torch.Numerics;

/// <summary>The coefficients that turn the factors of a layer into balanced factors of k chosen singular values.</summary>
internal sealed class BasisCoefficients : IDisposable
{
    /// <summary>Digits of half precision, the most that outputs may have for single precision to do.</summary>
    public const int SingleSignificantBits = 11;

    /// <summary>
    /// How much larger than the result the terms of its sums may be for single precision to do: then it keeps five
    /// digits at least, where half precision has three.
    /// </summary>
    private const double CancellationLimit = 16;

    /// <summary>Norms between this and its reciprocal stay far inside the range of single precision.</summary>
    private const double RangeLimit = 1e12;

    private readonly SingularBasis _basis;
    private readonly double[] _sigma;

    public BasisCoefficients(SingularBasis basis, IReadOnlyList<int> indices)
    {
        _basis = basis;
        Indices = indices;
        _sigma = [.. indices.Select(index => basis.Values[index])];
        int rank = Rank;
        Up = new NumberMatrix<double>(Count, rank, Count, rank);
        ReadOnlySpan<double> coefficients = basis.Coefficients.Span;
        for (int i = 0; i < Count; i++)
        {
            Span<double> row = Up.Row(i);
            double factor = 1 / Math.Sqrt(_sigma[i]);
            for (int j = 0; j < rank; j++)
                row[j] = coefficients[j * basis.Values.Length + indices[i]] * factor;
        }

        Down = ThinProduct<double>.Of(Up, basis.UpGram.Span, rank);
        for (int i = 0; i < Count; i++)
            DoubleVector.Scale(Down.Row(i), 1 / _sigma[i]);

        double[] upNorms = UpNorms();
        AllowsSingle = Allows(Up, upNorms) && Allows(Down, basis.DownNorms)
            && upNorms.Concat(basis.DownNorms).Concat(_sigma).All(value => value is 0 or (>= 1 / RangeLimit and <= RangeLimit));
    }

    private BasisCoefficients(BasisCoefficients plain, RankRotation rotation)
    {
        (_basis, _sigma, Indices, AllowsSingle) = (plain._basis, plain._sigma, plain.Indices, plain.AllowsSingle);
        Up = Product(rotation.ForUp(), plain.Up);
        Down = Product(rotation.ForDown(), plain.Down);
    }

    /// <summary>The chosen singular values.</summary>
    public IReadOnlyList<int> Indices { get; }

    /// <summary>k.</summary>
    public int Count => _sigma.Length;

    /// <summary>(X·Σ^-½)ᵀ, k × r.</summary>
    public NumberMatrix<double> Up { get; }

    /// <summary>Σ⁻¹·(X·Σ^-½)ᵀ·G, k × r.</summary>
    public NumberMatrix<double> Down { get; }

    /// <summary>Whether the products with the factors come out right for half precision when computed in single.</summary>
    public bool AllowsSingle { get; }

    /// <summary>The coefficients of the same factors in another basis of rank space.</summary>
    public BasisCoefficients Rotated(RankRotation rotation) => new(this, rotation);

    private int Rank => _basis.DownNorms.Length;

    /// <summary>A small square matrix times coefficients.</summary>
    private static NumberMatrix<double> Product(double[] square, NumberMatrix<double> coefficients)
    {
        int count = coefficients.Rows;
        using var left = new NumberMatrix<double>(count, count, count, count);
        square.CopyTo(left.Numbers);
        double[] right = new double[count * coefficients.Columns];
        for (int row = 0; row < count; row++)
            coefficients.Row(row).CopyTo(right.AsSpan(row * coefficients.Columns));
        return ThinProduct<double>.Of(left, right, coefficients.Columns);
    }

    private double[] UpNorms()
    {
        ReadOnlySpan<double> gram = _basis.UpGram.Span;
        double[] norms = new double[Rank];
        for (int i = 0; i < Rank; i++)
            norms[i] = Math.Sqrt(gram[i * Rank + i]);
        return norms;
    }

    /// <summary>Whether the terms of sums of vectors of the given norms are not much larger than the sums, whose squared norms are σ.</summary>
    private bool Allows(NumberMatrix<double> coefficients, double[] norms)
    {
        for (int i = 0; i < Count; i++)
        {
            Span<double> row = coefficients.Row(i);
            double terms = 0;
            for (int j = 0; j < norms.Length; j++)
            {
                double term = norms[j] * row[j];
                terms += term * term;
            }

            if (!(terms <= CancellationLimit * CancellationLimit * _sigma[i]))
                return false;
        }

        return true;
    }

    public void Dispose()
    {
        Up.Dispose();
        Down.Dispose();
    }
}
