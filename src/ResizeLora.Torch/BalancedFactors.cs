using ResizeLora.Decomposition;
using ResizeLora.Torch.Kernels;
using static TorchSharp.torch;

namespace ResizeLora.Torch;

/// <summary>U·√Σ (m × k) and √Σ·Vᵀ (k × n) of chosen singular values of Up · Down, without the layer's scale.</summary>
internal static class BalancedFactors
{
    /// <summary>
    /// How much larger than the result the terms of its sums may be for single precision to do: then it keeps five
    /// digits at least, where half precision has three.
    /// </summary>
    private const double CancellationLimit = 16;

    /// <summary>Norms between this and its reciprocal stay far inside the range of single precision.</summary>
    private const double RangeLimit = 1e12;

    /// <summary>Takes the fast way where the layer has a basis, else the safe one, which is always in double precision.</summary>
    public static (Tensor Up, Tensor Down) Of(TensorReader reader, LayerFactors layer, SingularBasis? basis, IReadOnlyList<int> indices, bool halfPrecision)
    {
        return basis is null
            ? BySafeWay(reader, layer, indices)
            : ByBasis(reader, layer, basis, indices, halfPrecision);
    }

    private static (Tensor Up, Tensor Down) BySafeWay(TensorReader reader, LayerFactors layer, IReadOnlyList<int> indices)
    {
        (Tensor u, Tensor values, Tensor vt) = QrRoute.Vectors(reader, layer);
        Tensor chosen = tensor(indices.Select(index => (long)index).ToArray()).to(values.device);
        Tensor root = values.index_select(0, chosen).sqrt();
        return (u.index_select(1, chosen) * root.unsqueeze(0), vt.index_select(0, chosen) * root.unsqueeze(1));
    }

    private static (Tensor Up, Tensor Down) ByBasis(TensorReader reader, LayerFactors layer, SingularBasis basis, IReadOnlyList<int> indices, bool halfPrecision)
    {
        // U·√Σ = Up·X·Σ^-½ and √Σ·Vᵀ = Σ⁻¹·(X·Σ^-½)ᵀ·G·Down.
        int rank = (int)layer.Up.Columns;
        double[] sigma = [.. indices.Select(index => basis.Values[index])];
        Tensor left = Left(basis, indices, sigma, rank);
        Tensor gram = empty(rank, rank, ScalarType.Float64);
        basis.UpGram.Span.CopyTo(gram.Numbers<double>());
        Tensor right = left.t().matmul(gram);
        DivideRows(right.Numbers<double>(), sigma);
        bool single = halfPrecision
            && AllowsSingle(UpNorms(basis, rank), left.t().contiguous().Numbers<double>(), sigma)
            && AllowsSingle(basis.DownNorms, right.Numbers<double>(), sigma);
        ScalarType type = single ? ScalarType.Float32 : ScalarType.Float64;
        return (
            reader.Read(layer.Up, type).matmul(reader.Place(left, type)),
            reader.Place(right, type).matmul(reader.Read(layer.Down, type)));
    }

    private static Tensor Left(SingularBasis basis, IReadOnlyList<int> indices, double[] sigma, int rank)
    {
        int count = sigma.Length;
        Tensor left = empty(rank, count, ScalarType.Float64);
        Span<double> numbers = left.Numbers<double>();
        ReadOnlySpan<double> coefficients = basis.Coefficients.Span;
        double[] factors = [.. sigma.Select(value => 1 / Math.Sqrt(value))];
        for (int row = 0; row < rank; row++)
        {
            for (int i = 0; i < count; i++)
                numbers[row * count + i] = coefficients[row * basis.Values.Length + indices[i]] * factors[i];
        }

        return left;
    }

    private static void DivideRows(Span<double> rows, double[] divisors)
    {
        int length = rows.Length / divisors.Length;
        for (int i = 0; i < divisors.Length; i++)
            DoubleVector.Scale(rows.Slice(i * length, length), 1 / divisors[i]);
    }

    private static double[] UpNorms(SingularBasis basis, int rank)
    {
        ReadOnlySpan<double> gram = basis.UpGram.Span;
        double[] norms = new double[rank];
        for (int i = 0; i < rank; i++)
            norms[i] = Math.Sqrt(gram[i * rank + i]);
        return norms;
    }

    /// <summary>Whether sums of vectors of the given norms, times rows of coefficients, come out right in single precision.</summary>
    /// <param name="norms">r norms.</param>
    /// <param name="coefficients">k × r.</param>
    /// <param name="sigma">k squares of the norms of the sums.</param>
    private static bool AllowsSingle(double[] norms, ReadOnlySpan<double> coefficients, double[] sigma)
    {
        for (int i = 0; i < sigma.Length; i++)
        {
            double terms = 0;
            for (int j = 0; j < norms.Length; j++)
            {
                double term = norms[j] * coefficients[i * norms.Length + j];
                terms += term * term;
            }

            if (!(terms <= CancellationLimit * CancellationLimit * sigma[i]))
                return false;
        }

        return norms.Concat(sigma).All(value => value is 0 or (>= 1 / RangeLimit and <= RangeLimit));
    }
}
