using ResizeLora.Decomposition;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Torch;

/// <summary>The numeric work on libtorch, in float64 where it decides anything.</summary>
internal sealed class TorchEngine : INumericEngine
{
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

    public double[] SingularValues(LayerFactors layer)
    {
        using DisposeScope scope = NewDisposeScope();
        return Decompose(layer) is { } system
            ? [.. (system.Values * Math.Abs(layer.Scale)).cpu().data<double>()]
            : new double[Math.Min(layer.Up.Columns, Math.Min(layer.Up.Rows, layer.Down.Columns))];
    }

    public double[] SubspaceNorms(LayerFactors layer, StoredMatrix weight)
    {
        using DisposeScope scope = NewDisposeScope();
        if (Decompose(layer) is not { } system)
            return new double[Math.Min(layer.Up.Columns, Math.Min(layer.Up.Rows, layer.Down.Columns))];

        Tensor w = _reader.Read(weight, ScalarType.Float64);
        (Tensor u, Tensor vt) = system.Vectors(arange(system.Values.shape[0], device: system.Values.device));
        Tensor products = (u * w.matmul(vt.t())).sum(dim: 0).abs();
        return products.isfinite().all().item<bool>()
            ? [.. products.cpu().data<double>()]
            : throw new NonFiniteException(weight.Name);
    }

    public IReadOnlyList<TruncatedFactors> Truncate(LayerFactors layer, IReadOnlyList<TruncationRequest> requests)
    {
        using DisposeScope scope = NewDisposeScope();
        SingularSystem system = Decompose(layer)
            ?? throw new InvalidOperationException("A layer of zeros has nothing to keep.");
        return [.. requests.Select(request => Truncate(system, layer, request))];
    }

    public MatrixNorms Norms(StoredMatrix weight, CancellationToken cancellation)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor w = _reader.Read(weight, ScalarType.Float32);
        double frobenius = Math.Sqrt(w.square().sum(ScalarType.Float64).item<double>());
        if (!double.IsFinite(frobenius))
            throw new NonFiniteException(weight.Name);

        return frobenius == 0
            ? new MatrixNorms(0, 0)
            : new MatrixNorms(SpectralNorm.Of(w, MatrixNorms.SpectralTolerance, cancellation), frobenius);
    }

    private static Device Find(string name)
    {
        if (string.Equals(name, "cpu", StringComparison.OrdinalIgnoreCase))
            return CPU;

        string[] parts = name.Split(':', 2);
        int number = 0;
        if (!string.Equals(parts[0], "cuda", StringComparison.OrdinalIgnoreCase) || (parts.Length == 2 && !int.TryParse(parts[1], out number)))
            throw new PlatformNotSupportedException("Devices are cpu, cuda, cuda:0, cuda:1 and so on.");

        int count = cuda.is_available() ? cuda.device_count() : 0;
        return number >= 0 && number < count
            ? new Device(DeviceType.CUDA, number)
            : throw new PlatformNotSupportedException(count == 0 ? "libtorch finds no CUDA device, or is the build for processors only. Use -Device cpu." : $"there are {count} CUDA devices, counted from 0.");
    }

    /// <summary>Decomposes Up · Down; null for a layer of zeros.</summary>
    private SingularSystem? Decompose(LayerFactors layer)
    {
        Tensor b = _reader.Read(layer.Up, ScalarType.Float64);
        Tensor a = _reader.Read(layer.Down, ScalarType.Float64);
        Tensor gramB = b.t().matmul(b);
        Tensor gramA = a.matmul(a.t());
        double normB = FiniteTrace(gramB, layer.Up.Name);
        double normA = FiniteTrace(gramA, layer.Down.Name);
        return normA == 0 || normB == 0 || layer.Scale == 0 ? null : SingularSystem.Of(b, a, gramB, gramA);
    }

    private static double FiniteTrace(Tensor gram, string name)
    {
        double trace = gram.trace().item<double>();
        return double.IsFinite(trace) ? trace : throw new NonFiniteException(name);
    }

    private static TruncatedFactors Truncate(SingularSystem system, LayerFactors layer, TruncationRequest request)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor indices = tensor(request.Kept.Select(index => (long)index).ToArray(), device: system.Values.device);
        (Tensor u, Tensor vt) = system.Vectors(indices);
        Tensor root = (system.Values.index_select(0, indices) * Math.Abs(layer.Scale) * request.Rescale).sqrt();
        Tensor sign = Signs(u);

        // A negative alpha turns ΔW round; one side has to carry that.
        Tensor up = u * (root * sign * Math.Sign(layer.Scale)).unsqueeze(0);
        Tensor down = vt * (root * sign).unsqueeze(1);
        Tensor columns = maximum(up.abs().amax([0]), down.abs().amax([1]));
        FactorScale scale = FactorScale.Choose(
            request.Kept.Count,
            request.DType,
            request.HasAlpha,
            columns.max().item<double>(),
            columns.min().item<double>());
        return new TruncatedFactors(Encode(up, scale, request), Encode(down, scale, request), scale.Alpha);
    }

    /// <summary>Singular vectors are defined up to their sign: make the largest entry of each left one positive.</summary>
    private static Tensor Signs(Tensor u) =>
        u.gather(0, u.abs().argmax(0, keepdim: true)).squeeze(0).sign();

    private static byte[] Encode(Tensor factor, FactorScale scale, TruncationRequest request)
    {
        Tensor encoded = (factor * scale.Multiplier).to(TensorReader.ScalarTypeOf(request.DType)).contiguous().cpu();
        return encoded.isfinite().all().item<bool>()
            ? encoded.bytes.ToArray()
            : throw new OverflowException($"A value is too large for {request.DType}.");
    }
}
