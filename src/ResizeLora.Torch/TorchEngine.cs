using System.Runtime.InteropServices;
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

    /// <summary>Sums of squares between the reciprocal of this and this have not lost what they were summed from.</summary>
    private const double OrdinarySquare = 1e250;

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
        return IsOrdinary(gramB) && IsOrdinary(gramA) ? GramRoute.Decompose(gramB, gramA, rank) : null;
    }

    private static bool IsOrdinary(Tensor gram)
    {
        int rank = (int)gram.shape[0];
        ReadOnlySpan<double> numbers = gram.Numbers<double>();
        double trace = 0;
        for (int i = 0; i < rank; i++)
            trace += numbers[i * rank + i];
        return trace is >= 1 / OrdinarySquare and <= OrdinarySquare;
    }

    /// <summary>Looks at each element: only for layers that are not ordinary.</summary>
    /// <exception cref="NonFiniteException">One is NaN or infinite.</exception>
    private static bool IsZero(StoredMatrix matrix)
    {
        int size = matrix.DType.BitSize() / 8;
        bool isZero = true;
        for (int offset = 0; offset < matrix.Bytes.Length; offset += size)
        {
            double value = ElementCodec.Read(matrix.DType, matrix.Bytes.Span[offset..]);
            if (!double.IsFinite(value))
                throw new NonFiniteException(matrix.Name);
            isZero &= value == 0;
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
        using BalancedFactors<double> factors = coefficients is null
            ? BalancedFactors.BySafeWay(_reader, layer, indices)
            : BalancedFactors.ByBasis<double>(layer, coefficients);
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
        {
            Tensor normalised = tensor(Normalised(weight, frobenius), weight.Rows, weight.Columns).to(_reader.Device);
            return SpectralNorm.Relative(new TensorOperator(normalised), MatrixNorms.SpectralTolerance, cancellation);
        }

        bool ordinary = frobenius is >= 1 / OrdinaryNorm and <= OrdinaryNorm;
        return weight.DType switch
        {
            SafetensorsDType.F16 when ordinary => On<HalfElement>(weight.Bytes, frobenius),
            SafetensorsDType.BF16 when ordinary => On<BFloatElement>(weight.Bytes, frobenius),
            SafetensorsDType.F32 when ordinary => On<SingleElement>(weight.Bytes, frobenius),
            _ => On<SingleElement>(MemoryMarshal.AsBytes(Normalised(weight, frobenius).AsSpan()).ToArray(), 1),
        };

        double On<TElement>(ReadOnlyMemory<byte> elements, double norm)
            where TElement : struct, IStoredElement
        {
            using var stored = new StoredOperator<TElement>(elements, (int)weight.Rows, (int)weight.Columns, norm);
            return SpectralNorm.Relative(stored, MatrixNorms.SpectralTolerance, cancellation);
        }
    }

    /// <summary>W / ‖W‖_F in single precision: for rarer element types, and for weights far from 1.</summary>
    private static float[] Normalised(StoredMatrix matrix, double frobenius)
    {
        int size = matrix.DType.BitSize() / 8;
        float[] numbers = new float[matrix.Rows * matrix.Columns];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = (float)(ElementCodec.Read(matrix.DType, matrix.Bytes.Span[(i * size)..]) / frobenius);
        return numbers;
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
            throw new PlatformNotSupportedException("it is unknown. Use cpu, or with an NVIDIA card cuda, cuda:1 and so on.");

        int count = cuda.is_available() ? cuda.device_count() : 0;
        return number >= 0 && number < count
            ? new Device(DeviceType.CUDA, number)
            : throw new PlatformNotSupportedException(count == 0 ? "libtorch finds no NVIDIA card, or is the build for processors only. Use -Device cpu." : $"the last of the cards that libtorch finds is cuda:{count - 1}.");
    }
}
