using ResizeLora.Engine;
using ResizeLora.Torch.Kernels;
using static TorchSharp.torch;

namespace ResizeLora.Torch.Numerics;

/// <summary>Makes balanced factors of one layer: the fast way where the layer has a basis, else the safe one.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal interface IFactorSource<T>
    where T : unmanaged
{
    /// <summary>Whether the layer is so small that chance plays a part in how large errors are.</summary>
    bool IsSmall { get; }

    /// <summary>The chosen singular values, without the layer's scale.</summary>
    double[] Values(IReadOnlyList<int> indices);

    /// <summary>The factors that belong to the chosen singular values.</summary>
    /// <param name="indices">Which ones.</param>
    /// <param name="rotation">Another basis of rank space; null for none.</param>
    BalancedFactors<T> Make(IReadOnlyList<int> indices, RankRotation? rotation = null);
}

/// <summary>From a basis: U·√Σ = Up·X·Σ^-½ and √Σ·Vᵀ = Σ⁻¹·(X·Σ^-½)ᵀ·G·Down. A rotation costs next to nothing, as the coefficients are small.</summary>
/// <param name="layer">The layer.</param>
/// <param name="basis">Its basis.</param>
/// <param name="known">Coefficients that have been made already; they serve if these are the chosen ones.</param>
internal sealed class BasisFactors<T>(LayerFactors layer, SingularBasis basis, BasisCoefficients known) : IFactorSource<T>
    where T : unmanaged
{
    /// <inheritdoc/>
    public bool IsSmall => StorageError<T>.IsSmall(layer.Up.Rows, layer.Down.Columns);

    /// <inheritdoc/>
    public double[] Values(IReadOnlyList<int> indices) => [.. indices.Select(index => basis.Values[index])];

    /// <inheritdoc/>
    public BalancedFactors<T> Make(IReadOnlyList<int> indices, RankRotation? rotation = null)
    {
        using BasisCoefficients? others = known.Indices.SequenceEqual(indices) ? null : new BasisCoefficients(basis, indices);
        BasisCoefficients plain = others ?? known;
        using BasisCoefficients? rotated = rotation is null ? null : plain.Rotated(rotation);
        BasisCoefficients coefficients = rotated ?? plain;
        NumberMatrix<T> up = ThinProduct<T>.OfTransposed(layer.Up, coefficients.Up);
        try
        {
            return new BalancedFactors<T>(up, ThinProduct<T>.Of(coefficients.Down, layer.Down));
        }
        catch
        {
            up.Dispose();
            throw;
        }
    }
}

/// <summary>From the QR route, or that for weights without factors, always in double precision.</summary>
internal sealed class SafeFactors : IFactorSource<double>
{
    private readonly List<int> _indices;
    private readonly Tensor _up;
    private readonly Tensor _down;

    /// <param name="reader">Reads the layer.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="indices">All singular values that will be asked for, ascending.</param>
    public SafeFactors(TensorReader reader, LayerFactors layer, IReadOnlyList<int> indices)
    {
        _indices = [.. indices];
        if (layer.Dense is { } weight)
        {
            (_up, _down) = DenseRoute.Balanced(reader, weight, indices);
            return;
        }

        (Tensor u, Tensor values, Tensor vt) = QrRoute.Vectors(reader, layer);
        Tensor chosen = IndexTensor(indices, u.device);
        Tensor root = values.index_select(0, chosen).sqrt();
        _up = u.index_select(1, chosen) * root.unsqueeze(0);
        _down = vt.index_select(0, chosen) * root.unsqueeze(1);
    }

    /// <inheritdoc/>
    public bool IsSmall => StorageError<double>.IsSmall(_up.shape[0], _down.shape[1]);

    /// <inheritdoc/>
    public double[] Values(IReadOnlyList<int> indices)
    {
        // The rows of √Σ·Vᵀ have σ as the squares of their lengths.
        ReadOnlySpan<double> squares = (_down * _down).sum(dim: 1).cpu().Numbers<double>();
        double[] values = new double[indices.Count];
        for (int i = 0; i < values.Length; i++)
            values[i] = squares[_indices.BinarySearch(indices[i])];
        return values;
    }

    /// <inheritdoc/>
    public BalancedFactors<double> Make(IReadOnlyList<int> indices, RankRotation? rotation = null)
    {
        Tensor chosen = IndexTensor([.. indices.Select(index => _indices.BinarySearch(index))], _up.device);
        Tensor up = _up.index_select(1, chosen);
        Tensor down = _down.index_select(0, chosen);
        if (rotation is not null)
        {
            up = up.mm(Square(rotation.ForUp()).t());
            down = Square(rotation.ForDown()).mm(down);
        }

        return new BalancedFactors<double>(ToMatrix(up), ToMatrix(down));

        Tensor Square(double[] matrix) => tensor(matrix, rotation.Rank, rotation.Rank).to(_up.device);
    }

    private static Tensor IndexTensor(IReadOnlyList<int> indices, Device device) => tensor(indices.Select(index => (long)index).ToArray()).to(device);

    private static NumberMatrix<double> ToMatrix(Tensor tensor)
    {
        var matrix = new NumberMatrix<double>((int)tensor.shape[0], (int)tensor.shape[1], (int)tensor.shape[0], (int)tensor.shape[1]);
        tensor.contiguous().cpu().Numbers<double>().CopyTo(matrix.Numbers);
        return matrix;
    }
}
