using ResizeLora.Decomposition;
using ResizeLora.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Torch;

/// <summary>New factors for several requests on one layer: the singular vectors that any of them keeps are made once.</summary>
internal sealed class Truncation
{
    private readonly LayerFactors _layer;
    private readonly List<int> _indices;
    private readonly Tensor _up;
    private readonly Tensor _down;
    private readonly double[] _signs;
    private readonly double[] _largest;

    private Truncation(LayerFactors layer, List<int> indices, Tensor up, Tensor down)
    {
        _layer = layer;
        _indices = indices;
        _up = up;
        _down = down;
        double[] greatest = Numbers(up.amax([0]));
        double[] least = Numbers(up.amin([0]));
        double[] largestDown = Numbers(down.abs().amax([1]));

        // Singular vectors are defined up to their sign: the largest entry of each left one is made positive.
        _signs = [.. greatest.Zip(least, (high, low) => high >= -low ? 1.0 : -1.0)];
        _largest = [.. Enumerable.Range(0, indices.Count).Select(i => Math.Max(Math.Max(greatest[i], -least[i]), largestDown[i]))];
    }

    public static IReadOnlyList<TruncatedFactors> Of(TensorReader reader, LayerFactors layer, SingularBasis? basis, IReadOnlyList<TruncationRequest> requests)
    {
        List<int> indices = [.. requests.SelectMany(request => request.Kept).Distinct().Order()];
        bool halfPrecision = requests.All(request => request.DType is SafetensorsDType.F16 or SafetensorsDType.BF16);
        (Tensor up, Tensor down) = BalancedFactors.Of(reader, layer, basis, indices, halfPrecision);
        var truncation = new Truncation(layer, indices, up, down);
        return [.. requests.Select(truncation.Answer)];
    }

    private TruncatedFactors Answer(TruncationRequest request)
    {
        using DisposeScope scope = NewDisposeScope();
        double root = Math.Sqrt(Math.Abs(_layer.Scale) * request.Rescale);
        int[] positions = [.. request.Kept.Select(index => _indices.BinarySearch(index))];
        double largest = positions.Max(position => _largest[position]) * root;
        double smallest = positions.Min(position => _largest[position]) * root;
        FactorScale scale = FactorScale.Choose(request.Rank, request.DType, request.HasAlpha, largest, smallest, request.AlphaIsRank);
        double written = ElementCodec.Round(request.DType, largest * scale.Multiplier);
        if (!double.IsFinite(written) || written < LeastLargest(request.DType))
            throw new OverflowException($"Values lie outside the range of {request.DType}.");

        Tensor up = _up;
        Tensor down = _down;
        if (positions.Length < _indices.Count)
        {
            Tensor chosen = tensor(positions).to(up.device);
            up = up.index_select(1, chosen);
            down = down.index_select(0, chosen);
        }

        // A negative alpha turns ΔW round; one side has to carry that.
        double[] factors = [.. positions.Select(position => _signs[position] * root * scale.Multiplier)];
        return new TruncatedFactors(
            Encode(up * Like(up, [.. factors.Select(factor => factor * Math.Sign(_layer.Scale))]).unsqueeze(0), request.DType),
            Encode(down * Like(down, factors).unsqueeze(1), request.DType),
            scale.Alpha);
    }

    /// <summary>Half precision loses digits of numbers below 2^-14; a layer whose largest are below that would be noise.</summary>
    private static double LeastLargest(SafetensorsDType dtype) => dtype == SafetensorsDType.F16 ? 1.0 / (1 << 14) : double.Epsilon;

    private static double[] Numbers(Tensor tensor) => tensor.to(ScalarType.Float64).cpu().Numbers<double>().ToArray();

    private static Tensor Like(Tensor tensor, double[] numbers) => torch.tensor(numbers).to(tensor.device).to(tensor.dtype);

    private static PooledBytes Encode(Tensor factor, SafetensorsDType dtype) =>
        PooledBytes.Copy(factor.to(TensorReader.ScalarTypeOf(dtype)).contiguous().cpu().bytes);
}
