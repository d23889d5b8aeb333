using ResizeLora.Engine;
using ResizeLora.Safetensors;
using ResizeLora.Torch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Torch.Numerics;

/// <summary>The numeric work on libtorch, in float64 where it decides anything; what libtorch is slow at, in kernels of our own.</summary>
internal sealed class TorchEngine : INumericEngine
{
    /// <summary>Matrices whose smaller side is at most this are decomposed: it costs less than an iteration.</summary>
    private const long ExactLimit = 128;

    /// <summary>Weights with a norm between the reciprocal of this and this are worked on as they are stored.</summary>
    private const double OrdinaryNorm = 1e15;

    private readonly TensorReader _reader;

    /// <param name="device">cpu, cuda or cuda:1.</param>
    /// <exception cref="PlatformNotSupportedException">There is no such device.</exception>
    public TorchEngine(string device)
    {
        _reader = new TensorReader(Find(device));

        // Layers run in parallel with one thread each: faster than one layer on all threads, and the order of
        // additions, so every bit of the result, does not depend on the number of threads.
        set_num_threads(1);
    }

    public LayerDecomposition Decompose(LayerFactors layer)
    {
        using DisposeScope scope = NewDisposeScope();
        if (layer.Dense is { } weight)
            return new LayerDecomposition([.. DenseRoute.Values(_reader, weight).Select(value => value * Math.Abs(layer.Scale))], Basis: null);

        long count = layer.Count;
        SingularBasis? basis = count == layer.Up.Columns ? ByGram(layer) : null;
        double[] values = basis?.Values ?? (IsZero(layer.Up) || IsZero(layer.Down) ? new double[count] : QrRoute.Values(_reader, layer));
        return new LayerDecomposition([.. values.Select(value => value * Math.Abs(layer.Scale))], basis);
    }

    /// <summary>The fast way; null where it is not good enough, or would work on matrices larger than the layer.</summary>
    private static SingularBasis? ByGram(LayerFactors layer)
    {
        int rank = (int)layer.Up.Columns;
        Tensor gramB = empty(rank, rank, ScalarType.Float64);
        Tensor gramA = empty(rank, rank, ScalarType.Float64);
        GramMatrix.OfColumns(layer.Up, gramB.Numbers<double>());
        GramMatrix.OfRows(layer.Down, gramA.Numbers<double>());
        bool isOrdinary = GramMatrix.IsOrdinary(gramB.Numbers<double>(), rank) && GramMatrix.IsOrdinary(gramA.Numbers<double>(), rank);
        return isOrdinary ? GramRoute.Decompose(gramB, gramA, rank) : null;
    }

    /// <summary>Looks at each element: only for layers that are not ordinary.</summary>
    /// <exception cref="NonFiniteException">One is NaN or infinite.</exception>
    private static bool IsZero(StoredMatrix matrix)
    {
        bool isZero = true;
        foreach (double[] row in Rows(matrix))
        {
            if (!Array.TrueForAll(row, double.IsFinite))
                throw new NonFiniteException(matrix.Name);
            isZero &= Array.TrueForAll(row, number => number == 0);
        }

        return isZero;
    }

    public double[] SubspaceNorms(LayerFactors layer, SingularBasis? basis, StoredMatrix weight)
    {
        using DisposeScope scope = NewDisposeScope();
        using LayerDecomposition decomposition = Decompose(layer);
        int[] indices = [.. Enumerable.Range(0, decomposition.SingularValues.Count(value => value > 0))];
        double[] norms = new double[decomposition.SingularValues.Length];
        if (indices.Length == 0)
            return norms;

        using BasisCoefficients? coefficients = (basis ?? decomposition.Basis) is { } known ? new BasisCoefficients(known, indices) : null;
        IFactorSource<double> source = coefficients is null
            ? new SafeFactors(_reader, layer, indices)
            : new BasisFactors<double>(layer, basis ?? decomposition.Basis!, coefficients);
        using BalancedFactors<double> factors = source.Make(indices);
        Tensor up = _reader.Place(factors.Up);
        Tensor down = _reader.Place(factors.Down);
        Tensor w = _reader.Read(weight, ScalarType.Float64);
        Tensor products = (up * w.mm(down.t())).sum(dim: 0).abs();
        Tensor lengths = ((up * up).sum(dim: 0) * (down * down).sum(dim: 1)).sqrt();
        (products / lengths).cpu().data<double>().CopyTo(norms, 0);
        return norms.All(double.IsFinite) ? norms : throw new NonFiniteException(weight.Name);
    }

    public IReadOnlyList<TruncatedFactors> Truncate(LayerFactors layer, SingularBasis? basis, IReadOnlyList<TruncationRequest> requests)
    {
        using DisposeScope scope = NewDisposeScope();
        using LayerDecomposition? own = basis is null ? Decompose(layer) : null;
        return Truncation.Of(_reader, layer, basis ?? own?.Basis, requests);
    }

    public double[] MergedNorms(StoredMatrix weight, LayerFactors layer, long groupSize)
    {
        using DisposeScope scope = NewDisposeScope();
        return MergedWeight.Norms(_reader, weight, layer, groupSize);
    }

    public ChangeDistance Compare(IReadOnlyList<LayerFactors> reference, IReadOnlyList<LayerFactors> difference)
    {
        using DisposeScope scope = NewDisposeScope();
        return ChangeComparison.Of(_reader, reference, difference);
    }

    public MatrixNorms Norms(StoredMatrix weight, CancellationToken cancellation)
    {
        double frobenius = FrobeniusNorm.Of(weight);
        if (!double.IsFinite(frobenius))
            throw new NonFiniteException(weight.Name);
        if (frobenius == 0)
            return new MatrixNorms(0, 0);

        bool exact = Math.Min(weight.Rows, weight.Columns) <= ExactLimit;
        return new MatrixNorms(exact ? LargestSingularValue(weight) : frobenius * Iterate(weight, frobenius, cancellation), frobenius);
    }

    private double Iterate(StoredMatrix weight, double frobenius, CancellationToken cancellation)
    {
        using DisposeScope scope = NewDisposeScope();
        if (_reader.Device.type != DeviceType.CPU)
            return SpectralNorm.Relative(new TensorOperator(_reader.Read(Normalised(weight, frobenius), ScalarType.Float32)), MatrixNorms.SpectralTolerance, cancellation);

        bool isOrdinary = frobenius is >= 1 / OrdinaryNorm and <= OrdinaryNorm;
        using StoredOperator stored = (isOrdinary ? StoredOperator.Of(weight, frobenius) : null) ?? StoredOperator.Of(Normalised(weight, frobenius), 1)!;
        return SpectralNorm.Relative(stored, MatrixNorms.SpectralTolerance, cancellation);
    }

    /// <summary>W / ‖W‖_F in single precision: for rarer element types, and for weights far from 1.</summary>
    private static StoredMatrix Normalised(StoredMatrix weight, double frobenius)
    {
        var single = ElementFormat.Of(SafetensorsDType.F32);
        byte[] bytes = new byte[checked(weight.Rows * weight.Columns * single.Size)];
        int position = 0;
        foreach (double[] row in Rows(weight))
        {
            for (int i = 0; i < row.Length; i++)
                row[i] /= frobenius;
            single.Narrow(row, bytes.AsSpan(position));
            position += row.Length * single.Size;
        }

        return new StoredMatrix(weight.Name, bytes, single.DType, weight.Rows, weight.Columns);
    }

    /// <summary>The rows of a matrix as numbers, one after the other in the same array.</summary>
    private static IEnumerable<double[]> Rows(StoredMatrix matrix)
    {
        double[] numbers = new double[matrix.Columns];
        int rowBytes = numbers.Length * matrix.Format.Size;
        for (int row = 0; row < matrix.Rows; row++)
        {
            matrix.Format.Widen(matrix.Bytes.Span[(row * rowBytes)..], numbers);
            yield return numbers;
        }
    }

    private double LargestSingularValue(StoredMatrix weight)
    {
        using DisposeScope scope = NewDisposeScope();
        return linalg.svdvals(_reader.Read(weight, ScalarType.Float64)).max().item<double>();
    }

    private static Device Find(string name)
    {
        if (string.Equals(name, "cpu", StringComparison.OrdinalIgnoreCase))
            return CPU;

        string[] parts = name.Split(':', 2);
        int number = 0;
        if (!string.Equals(parts[0], "cuda", StringComparison.OrdinalIgnoreCase) || (parts.Length == 2 && !int.TryParse(parts[1], out number)))
            throw new PlatformNotSupportedException("it is unknown. Use cpu, or cuda, cuda:1 and so on with an NVIDIA card.");

        int count = cuda.is_available() ? cuda.device_count() : 0;
        return number >= 0 && number < count
            ? new Device(DeviceType.CUDA, number)
            : throw new PlatformNotSupportedException(count == 0 ? "libtorch finds no NVIDIA card, or is a CPU-only build. Use -Device cpu." : $"the last card that libtorch finds is cuda:{count - 1}.");
    }
}
