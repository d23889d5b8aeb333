using ResizeLora.Engine;
using ResizeLora.Safetensors;

namespace ResizeLora.Torch.Numerics;

/// <summary>New factors for several requests on one layer: the singular vectors that any of them keeps are made once.</summary>
internal static class Truncation
{
    public static IReadOnlyList<TruncatedFactors> Of(TensorReader reader, LayerFactors layer, SingularBasis? basis, IReadOnlyList<TruncationRequest> requests)
    {
        List<int> indices = [.. requests.SelectMany(request => request.Kept).Distinct().Order()];
        if (basis is null)
        {
            using BalancedFactors<double> safe = BalancedFactors.BySafeWay(reader, layer, indices);
            return Answer(safe);
        }

        using var coefficients = new BasisCoefficients(basis, indices);
        if (coefficients.AllowsSingle && requests.All(request => request.DType is SafetensorsDType.F16 or SafetensorsDType.BF16))
        {
            using BalancedFactors<float> single = BalancedFactors.ByBasis<float>(layer, coefficients);
            return Answer(single);
        }

        using BalancedFactors<double> exact = BalancedFactors.ByBasis<double>(layer, coefficients);
        return Answer(exact);

        IReadOnlyList<TruncatedFactors> Answer<T>(BalancedFactors<T> factors)
            where T : unmanaged
        {
            var encoder = new FactorEncoder<T>(factors);
            return [.. requests.Select(request => Encode(encoder, layer.Scale, indices, request))];
        }
    }

    private static TruncatedFactors Encode<T>(FactorEncoder<T> encoder, double layerScale, List<int> indices, TruncationRequest request)
        where T : unmanaged
    {
        double root = Math.Sqrt(Math.Abs(layerScale) * request.Rescale);
        int[] positions = [.. request.Kept.Select(index => indices.BinarySearch(index))];
        double largest = positions.Max(position => encoder.Largest[position]) * root;
        double smallest = positions.Min(position => encoder.Largest[position]) * root;
        FactorScale scale = FactorScale.Choose(request.Rank, request.DType, request.HasAlpha, largest, smallest, request.AlphaIsRank);
        double written = ElementCodec.Round(request.DType, largest * scale.Multiplier);
        if (!double.IsFinite(written) || written < LeastLargest(request.DType))
            throw new OverflowException($"Values lie outside the range of {request.DType}.");

        // A negative alpha turns ΔW round; one side has to carry that.
        return new TruncatedFactors(
            encoder.Up(positions, root * scale.Multiplier * Math.Sign(layerScale), request.DType),
            encoder.Down(positions, root * scale.Multiplier, request.DType),
            scale.Alpha);
    }

    /// <summary>Half precision loses digits of numbers below 2^-14; a layer whose largest are below that would be noise.</summary>
    private static double LeastLargest(SafetensorsDType dtype) => dtype == SafetensorsDType.F16 ? 1.0 / (1 << 14) : double.Epsilon;
}
