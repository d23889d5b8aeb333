using ResizeLora.Safetensors;
using ResizeLora.Torch.Kernels;
using static TorchSharp.torch;

namespace ResizeLora.Torch.Numerics;

/// <summary>
/// The way to the singular values of a weight M without factors: the eigenvalues of the smaller one of MMᵀ and MᵀM are
/// their squares. Values below 1e-8·σ₁ drown in rounding; the kept part of M does not suffer, as it is M projected onto
/// orthonormal vectors.
/// </summary>
internal static class DenseRoute
{
    /// <summary>The min(m, n) singular values, descending.</summary>
    /// <exception cref="NonFiniteException">The weight contains NaN or infinity.</exception>
    public static double[] Values(TensorReader reader, StoredMatrix weight)
    {
        if (Gram(weight) is not { } gram)
            return [.. linalg.svdvals(ReadFinite(reader, weight)).cpu().data<double>()];

        ReadOnlySpan<double> ascending = linalg.eigvalsh(gram.to(reader.Device)).cpu().Numbers<double>();
        double[] values = new double[ascending.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = Math.Sqrt(Math.Max(0, ascending[values.Length - 1 - i]));
        return values;
    }

    /// <summary>U·√Σ and √Σ·Vᵀ of chosen singular values.</summary>
    public static (Tensor Up, Tensor Down) Balanced(TensorReader reader, StoredMatrix weight, IReadOnlyList<int> indices)
    {
        Tensor matrix = ReadFinite(reader, weight);
        bool isWide = weight.Rows <= weight.Columns;
        Tensor vectors;
        if (Gram(weight) is { } gram)
        {
            (_, vectors) = linalg.eigh(gram.to(reader.Device));
            vectors = vectors.flip(1);
        }
        else
        {
            (Tensor u, _, Tensor vt) = linalg.svd(matrix, fullMatrices: false);
            vectors = isWide ? u : vt.t();
        }

        vectors = vectors.index_select(1, tensor(indices.Select(index => (long)index).ToArray()).to(reader.Device));

        // The other side's vectors come with their singular values as lengths.
        Tensor others = isWide ? vectors.t().mm(matrix) : matrix.mm(vectors).t();
        Tensor lengths = (others * others).sum(dim: 1);
        Tensor ones = ones_like(lengths);
        Tensor root = where(lengths > zeros_like(lengths), lengths, ones).sqrt().sqrt();
        Tensor near = vectors * root.unsqueeze(0);
        Tensor far = others / root.unsqueeze(1);
        return isWide ? (near, far) : (far.t(), near.t());
    }

    /// <summary>The smaller one of MMᵀ and MᵀM; null where squares leave the range of numbers.</summary>
    private static Tensor? Gram(StoredMatrix weight)
    {
        int size = (int)Math.Min(weight.Rows, weight.Columns);
        Tensor gram = empty(size, size, ScalarType.Float64);
        if (weight.Rows <= weight.Columns)
            GramMatrix.OfRows(weight, gram.Numbers<double>());
        else
            GramMatrix.OfColumns(weight, gram.Numbers<double>());

        return GramMatrix.IsOrdinary(gram.Numbers<double>(), size) ? gram : null;
    }

    private static Tensor ReadFinite(TensorReader reader, StoredMatrix weight)
    {
        Tensor matrix = reader.Read(weight, ScalarType.Float64);
        return matrix.isfinite().all().item<bool>() ? matrix : throw new NonFiniteException(weight.Name);
    }
}
